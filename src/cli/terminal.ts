import type { EntryErrorSignal, Signal, SignalSink } from "../core/signal.ts";
import { errorLines, type ErrorRecord, errorRecord } from "../report/error_text.ts";
import { type OutputRecord, recordLine, signalRecord } from "../report/records.ts";
import { redact } from "../report/redact.ts";
import { entryFailureLine, entryFailures } from "./entry_failures.ts";
import type { Output } from "./output.ts";
import type { RunLog } from "./run_log.ts";
import type { GlobalOptions } from "./runner.ts";
import type { System } from "./system.ts";
import { type StatusLine, statusLine } from "./terminal_progress.ts";
import { type Writers, writersOf } from "./terminal_writers.ts";

export interface Terminal {
  readonly output: Output;
  /** Shows what ended the run. */
  error(error: unknown): void;
  /** Ends the progress and lists the entries that failed. */
  finish(): void;
}

export interface TerminalOptions {
  readonly globals: Pick<GlobalOptions, "json" | "quiet" | "verbose" | "debug" | "progress">;
  readonly secrets: readonly string[];
  /** The run's text log, where it has one. */
  readonly log: RunLog | undefined;
  /** Called once, when the reader of standard output has gone. */
  readonly onClosed: () => void;
}

/** What the parts below work with. */
interface Desk {
  readonly globals: TerminalOptions["globals"];
  readonly log: RunLog | undefined;
  readonly status: StatusLine;
  readonly writers: Writers;
  /** Removes secrets: from messages, never from answers, for a name is what it is. */
  readonly clean: (text: string) => string;
  readonly record: (record: OutputRecord) => void;
  readonly failures: ReturnType<typeof entryFailures>;
}

export function terminalOf(system: System, options: TerminalOptions): Terminal {
  const { globals, log } = options;
  const status = statusLine(system, globals);
  const writers = writersOf(system, { before: status.clear, onClosed: options.onClosed });
  const desk: Desk = {
    globals,
    log,
    status,
    writers,
    clean: (text) => redact(text, options.secrets),
    record: (record) => {
      if (globals.json) writers.out(recordLine(record));
    },
    failures: entryFailures(),
  };
  return {
    output: outputOf(desk),
    error: (error) => showError(desk, error),
    finish() {
      status.end();
      for (const line of desk.failures.lines(log?.file)) writers.error(line, "yellow");
    },
  };
}

function outputOf(desk: Desk): Output {
  const { globals, log, status, writers, clean, record } = desk;
  const text = (...lines: string[]) => {
    if (!globals.json) { for (const line of lines) writers.out(line); }
  };
  return {
    json: globals.json,
    zone: (ms) => -new Date(ms).getTimezoneOffset(),
    signal: signalSink(desk),
    text,
    record,
    raw: writers.out,
    summary(value, lines) {
      status.end();
      for (const line of lines) log?.write("info", clean(line));
      record(value);
      if (!globals.quiet) text(...lines);
    },
    note(level, line) {
      const said = clean(line);
      log?.write(level, said);
      if (globals.debug || (globals.verbose && level === "info")) writers.error(said);
    },
    get closed() {
      return writers.closed;
    },
  };
}

function signalSink(desk: Desk): SignalSink {
  const { globals, log, status, record } = desk;
  return (signal: Signal) => {
    switch (signal.kind) {
      case "entry-error":
        return showFailure(desk, { ...signal, reason: desk.clean(signal.reason) });
      case "notice":
        return showNotice(desk, desk.clean(signal.text));
      case "phase":
        log?.write("info", `${signal.name} ${signal.subject ?? ""}`.trimEnd());
        record(signalRecord(signal));
        break;
      default:
        if (globals.json && status.recordDue()) record(signalRecord(signal));
    }
    status.see(signal);
  };
}

function showFailure({ globals, log, writers, record, failures }: Desk, failure: EntryErrorSignal) {
  const line = entryFailureLine(failure);
  log?.write("warn", line);
  if (globals.json) record(signalRecord(failure));
  else if (globals.verbose) writers.error(line, "yellow");
  else failures.add(failure);
}

function showNotice({ globals, log, writers, record }: Desk, text: string) {
  log?.write("info", text);
  if (globals.json) record({ record: "notice", text });
  else if (!globals.quiet) writers.error(`note: ${text}`);
}

function showError({ globals, log, status, writers, clean, record }: Desk, error: unknown) {
  status.end();
  const [first, ...rest] = errorLines(error, { debug: globals.debug }).map(clean);
  for (const line of [first, ...rest]) log?.write("error", line);
  record(cleanError(errorRecord(error), clean));
  writers.error(first, "red");
  for (const line of rest) writers.error(line);
}

function cleanError(record: ErrorRecord, clean: (text: string) => string): ErrorRecord {
  const context = Object.entries(record.context).map(([key, value]) =>
    [key, typeof value === "string" ? clean(value) : value] as const
  );
  return { ...record, message: clean(record.message), context: Object.fromEntries(context) };
}
