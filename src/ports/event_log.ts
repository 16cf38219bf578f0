import type { AnyEvent, AnyNewEvent } from "../core/event/event.ts";
import type { Genesis } from "../core/event/line.ts";
import type { FolderPaths } from "../core/index/folder_paths.ts";
import type { EntryRow, FolderRow, IndexTables } from "../core/index/rows.ts";
import type {
  RunRow,
  RunTables,
  SnapshotRow,
  SourceRow,
  UploadRow,
} from "../core/index/run_fold.ts";

/** An event log without its projections. */
export interface LogReader {
  readonly genesis: Genesis;
  /** Where the database is. */
  readonly file: string;
  head(): LogHead;
  /** Events in order of position. */
  events(range?: EventRange): Iterable<AnyEvent>;
  /** Position of the last event at or before a time (ms since 1970), 0 where there is none. */
  lastPositionAt(time: number): number;
  /** The lines as stored, for verification and export. */
  lines(range?: EventRange): Iterable<StoredLine>;
  /** How much there is of each type of event, by type. */
  volumes(): EventVolume[];
  close(): void;
}

/**
 * A job's database: the event log and the projections of it, changed together or not at all.
 * Synchronous, as SQLite is.
 */
export interface JobLog extends LogReader {
  /**
   * Appends events (or what a function makes of the tables within the transaction), projects them
   * and runs `within`, all in one transaction. Returns the position of the last one. Durable commits
   * reach the disk before this returns (synchronous=FULL); others survive the death of the process,
   * not of the machine. Throws kind "disk-full", "damage".
   */
  append(
    run: string,
    events: readonly AnyNewEvent[] | (() => readonly AnyNewEvent[]),
    options?: AppendOptions,
  ): number;
  readonly index: IndexModel;
  /** Position that the live projections have reached: the head's, unless the log was cut. */
  projected(): number;
}

export interface LogHead {
  /** 0 for an empty log. */
  readonly position: number;
  /** 64 hex digits. */
  readonly hash: string;
}

export interface EventVolume {
  readonly type: string;
  readonly events: number;
  /** Of the lines as they are stored. */
  readonly bytes: number;
}

export interface AppendOptions {
  readonly durable?: boolean;
  readonly within?: () => void;
}

export interface EventRange {
  /** First and last position, inclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly run?: string;
  readonly type?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number;
  readonly until?: number;
}

export interface StoredLine {
  readonly position: number;
  readonly line: Uint8Array;
  /** 64 hex digits. */
  readonly hash: string;
  /** The columns beside the line, which must say the same as the line. */
  readonly at: string;
  readonly run: string;
  readonly type: string;
}

/** The current state, and what the queries of the commands need. */
export interface IndexModel {
  readonly tables: IndexTables & RunTables;
  readonly paths: FolderPaths;
  /** True where an entry directly in the folder is not stored, not settled or not readable. */
  hasPending(folder: number): boolean;
  /** Cached digest of a folder's listing (DESIGN section 5, stat digest): a cache, not a projection. */
  statDigest(folder: number): Uint8Array | undefined;
  setStatDigest(folder: number, digest: Uint8Array): void;
  /**
   * What a run has to read: content not stored, and entries not settled or not readable whose last
   * event is before position `before`. Folders first, then entries by folder and name.
   */
  unread(before: number, after: UnstoredCursor | undefined, limit: number): Unstored[];
  unreadTotals(before: number): Totals;
  unstoredTotals(): Totals;
  totals(): Totals;
  unreadable(): number;
  /** Entries at and below a folder that are not removed. */
  countBelow(folder: number): number;
  runs(limit: number): RunRow[];
  /** The newest run of each command, newest first. */
  lastRuns(): RunRow[];
  openRuns(): RunRow[];
  snapshots(): SnapshotRow[];
  uploads(): UploadRow[];
  sources(): SourceRow[];
}

export interface Totals {
  readonly entries: number;
  readonly files: number;
  readonly bytes: bigint;
}

export interface UnstoredCursor {
  readonly folder: number;
  readonly name: Uint8Array;
  readonly isFolder: boolean;
}

export type Unstored =
  | { readonly isFolder: true; readonly row: FolderRow }
  | { readonly isFolder: false; readonly row: EntryRow };
