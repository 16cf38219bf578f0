import { styleText } from "node:util";
import { displayPath } from "../core/path_text.ts";
import type { EntryErrorSignal, Signal } from "../core/signal.ts";
import { counted } from "../report/count_text.ts";
import { errorLines, type ErrorRecord, errorRecord } from "../report/error_text.ts";
import { type OutputRecord, recordLine, signalRecord } from "../report/records.ts";
import { redact } from "../report/redact.ts";
import type { Output } from "./output.ts";
import type { RunLog } from "./run_log.ts";
import type { GlobalOptions } from "./runner.ts";
import type { System } from "./system.ts";
import { statusLine } from "./terminal_progress.ts";

export interface Terminal {
  readonly output: Output;
  /** Shows what ended the run. */
  error(error: unknown): void;
  /** Ends the progress and lists the entries that failed. */
  finish(): void;
}

export interface TerminalOptions {
  readonly globals: Pick<
    GlobalOptions,
    "json" | "quiet" | "verbose" | "debug" | "progress"
  >;
  readonly secrets: readonly string[];
  /** The run's text log, where it has one. */
  readonly log: RunLog | undefined;
  /** Called once, when the reader of standard output has gone. */
  readonly onClosed: () => void;
}

/** So many failed entries are listed at the end; the text log has all. */
const LISTED_ERRORS = 50;

export function terminalOf(system: System, options: TerminalOptions): Terminal {
  const { globals, log } = options;
  const clean = (text: string) => redact(text, options.secrets);
  const status = statusLine(system, globals);
  const paint = painter(system);
  const failed: EntryErrorSignal[] = [];
  let failures = 0;
  let closed = false;

  const writeOut = (line: string) => {
    if (closed) return;
    status.clear();
    try {
      system.stdout.write(`${line}\n`);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      closed = true;
      options.onClosed();
    }
  };
  const writeError = (text: string, style?: Style) => {
    status.clear();
    try {
      system.stderr.write(`${style === undefined ? text : paint(style, text)}\n`);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
  const record = (value: OutputRecord) => {
    if (globals.json) writeOut(recordLine(value));
  };

  const entryError = (seen: EntryErrorSignal) => {
    const signal = { ...seen, reason: clean(seen.reason) };
    const line = entryErrorLine(signal);
    log?.write("warn", line);
    failures++;
    if (globals.json) record(signalRecord(signal));
    else if (globals.verbose) writeError(line, "yellow");
    else if (failed.length < LISTED_ERRORS) failed.push(signal);
  };
  const notice = (text: string) => {
    log?.write("info", text);
    if (globals.json) record({ record: "notice", text });
    else if (!globals.quiet) writeError(`note: ${text}`);
  };
  const signal = (seen: Signal) => {
    if (seen.kind === "entry-error") return entryError(seen);
    if (seen.kind === "notice") return notice(clean(seen.text));
    if (seen.kind === "phase") {
      log?.write("info", `${seen.name} ${seen.subject ?? ""}`.trimEnd());
      record(signalRecord(seen));
    }
    if (globals.json && status.recordDue(seen)) record(signalRecord(seen));
    status.see(seen);
  };
  const text = (...lines: string[]) => {
    if (!globals.json) { for (const line of lines) writeOut(line); }
  };

  return {
    output: {
      json: globals.json,
      zone: (ms) => -new Date(ms).getTimezoneOffset(),
      signal,
      text,
      record,
      raw: writeOut,
      summary(value, lines) {
        status.end();
        for (const line of lines) log?.write("info", clean(line));
        record(value);
        if (!globals.quiet) text(...lines);
      },
      note(level, line) {
        const text = clean(line);
        log?.write(level, text);
        if (globals.debug || (globals.verbose && level === "info")) writeError(text);
      },
      get closed() {
        return closed;
      },
    },
    error(error) {
      status.end();
      const lines = errorLines(error, { debug: globals.debug }).map(clean);
      const [first, ...rest] = lines;
      for (const line of lines) log?.write("error", line);
      record(cleanError(errorRecord(error), clean));
      writeError(first, "red");
      for (const line of rest) writeError(line);
    },
    finish() {
      status.end();
      for (const entry of failed) writeError(entryErrorLine(entry), "yellow");
      const more = failures - failed.length;
      if (more > 0 && failed.length > 0) {
        const place = log === undefined ? "" : `, see ${log.file}`;
        writeError(`… and ${counted(more, "more entry", "more entries")}${place}`, "yellow");
      }
    },
  };
}

function entryErrorLine({ path, reason }: EntryErrorSignal): string {
  return `failed: ${displayPath(path)}: ${reason}`;
}

function cleanError(record: ErrorRecord, clean: (text: string) => string): ErrorRecord {
  const context = Object.entries(record.context).map(([key, value]) =>
    [key, typeof value === "string" ? clean(value) : value] as const
  );
  return { ...record, message: clean(record.message), context: Object.fromEntries(context) };
}

type Style = "red" | "yellow";

/** Colours as NO_COLOR (https://no-color.org) and the terminal allow. */
function painter(system: System): (style: Style, text: string) => string {
  const plain = !system.stderr.isTerminal || Boolean(system.env("NO_COLOR")) ||
    system.env("TERM") === "dumb";
  return (style, text) => plain ? text : styleText(style, text, { validateStream: false });
}
