import type { SignalSink } from "../core/signal.ts";
import type { OutputRecord, SummaryRecord } from "../report/records.ts";
import type { ZoneOffset } from "../core/time_text.ts";

/**
 * Where a command's words go. What was asked for goes to standard output, as text or, with
 * `--json`, as records; everything else goes to standard error and the run's text log. Nothing
 * passes without `redact`.
 */
export interface Output {
  /** True with `--json`: records are written and text is not. */
  readonly json: boolean;
  /** This machine's time, for text. */
  readonly zone: ZoneOffset;
  /** Progress, notices and entry errors: hand it to the use case. */
  readonly signal: SignalSink;
  /** Lines of the answer; nothing with `--json`. */
  text(...lines: string[]): void;
  /** A record of the answer; nothing without `--json`. */
  record(record: OutputRecord): void;
  /** A line as it is, in both modes: an event as the log holds it. */
  raw(line: string): void;
  /** The end of a run: its record, or its lines (not with `--quiet`). */
  summary(record: SummaryRecord, lines: readonly string[]): void;
  /** For the text log, and for standard error with `--verbose` (info) or `--debug` (debug). */
  note(level: "info" | "debug", text: string): void;
  /** True once the reader of standard output has gone. */
  readonly closed: boolean;
}
