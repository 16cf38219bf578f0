/** One event of the log, as a row: what an export holds. */
export interface ExportedEvent {
  readonly position: number;
  /** RFC 3339 in UTC, with milliseconds. */
  readonly at: string;
  /** 32 hex digits. */
  readonly run: string;
  readonly type: string;
  readonly version: number;
  /** 64 hex digits: the event's place in the hash chain (docs/event_log.md). */
  readonly hash: string;
  /** The whole line, as it is chained. */
  readonly line: string;
  /** What is in the line behind `"data":`, as JSON. */
  readonly data: string;
}

/** Where an export goes. Throws kind "disk-full", "failed". */
export interface LogSink {
  write(events: readonly ExportedEvent[]): void | Promise<void>;
  /** Makes the file whole and gives it its name. */
  finish(): void | Promise<void>;
  /** Removes what is there of it, where it was not finished. */
  close(): void;
}
