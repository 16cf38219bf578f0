import type { AnyEvent, AnyNewEvent } from "../core/event/event.ts";
import type { Genesis, LogPart } from "../core/event/line.ts";
import type { FolderPaths } from "../core/index/folder_paths.ts";
import type { ObjectKeys } from "../core/index/object_keys.ts";
import type {
  AliasRow,
  DeletionRow,
  EntryRow,
  FolderRow,
  IndexTables,
  RenameRow,
} from "../core/index/rows.ts";
import type { PackModel } from "./pack_model.ts";
import type { RestoreModel } from "./restore_model.ts";
import type {
  RunRow,
  RunTables,
  SegmentRow,
  SnapshotRow,
  SourceRow,
  UploadRow,
} from "../core/index/run_fold.ts";

/** An event log without its projections: one log, or several one after the other. */
export interface LogReader {
  /** Of the newest log. */
  readonly genesis: Genesis;
  /** Oldest first; after a takeover there are several. */
  logs(): readonly LogPart[];
  /**
   * Of a database that was rebuilt from a checkpoint, or cut at one: it has no event up to there, but
   * for those that are kept for their type. Undefined, too, where what was cut is at hand again.
   */
  readonly base: LogBase | undefined;
  /** Hash of the event at a position, undefined where there is none. */
  hashAt(position: number): string | undefined;
  /** Hash that the event at a position is or will be chained to, undefined where none can be there. */
  hashBefore(position: number): string | undefined;
  /** Where the database is. */
  readonly file: string;
  head(): LogHead;
  /** Events in order of position: behind the base, but for those of one type or run. */
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
  /**
   * Appends lines that were written elsewhere, as they are, in one transaction: each must be chained
   * to the one before it. Returns the head. Throws kind "damage", and "failed" at an event of a type
   * or version that this program does not know.
   */
  importLines(lines: readonly Uint8Array[]): LogHead;
  /** Begins a log that goes on where the newest one ends: its parent must be the head. Durable. */
  beginLog(genesis: Genesis): void;
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

/** Where a log begins whose earlier events are not on this machine. */
export interface LogBase extends LogHead {
  /** From this position on, the tree was as at the base's. */
  readonly since: number;
  /** The line of the last StoreProbed before it. */
  readonly probed?: string;
  /** Where the earlier events were here once, and are in the repository: they can be fetched. */
  readonly cut?: LogCut;
}

export interface LogCut {
  /** ISO 8601. */
  readonly at: string;
  /** Time of the latest of the events that were cut, in ms since 1970. */
  readonly latest: number;
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
  readonly packs: PackModel;
  readonly restores: RestoreModel;
  readonly paths: FolderPaths;
  /** Where content is: forget() after whatever moves a folder, as with the paths. */
  readonly keys: ObjectKeys;
  /** True where a key may be neither overwritten nor deleted (core/index/alias_guard.ts). */
  isAliasTarget(key: string): boolean;
  /**
   * Moved entries and folders whose content is not under their own key, by folder and name: all of
   * them, or those that nobody has decided about. Rows may be changed while they are read.
   */
  renames(which: "all" | "open"): Iterable<RenameRow>;
  /** The first of all of them; those that stay so behind the others. */
  firstRenames(limit: number): RenameRow[];
  /** How many there are, and how many of them were decided to stay so. */
  renameCounts(): { readonly open: number; readonly aliased: number };
  aliases(): AliasRow[];
  /** Folders by id, then entries, live and removed, whose last event is after a position. */
  touched(after: number, from: UnstoredCursor | undefined, limit: number): Unstored[];
  /** Objects whose deletion was decided and not yet seen done. */
  deletions(): DeletionRow[];
  /** What is in the repository of the log, oldest first. */
  segments(kind: "segment" | "renames"): SegmentRow[];
  /** The newest segment of one log (its id). */
  lastSegment(log: string): SegmentRow | undefined;
  /** Removed entries whose objects are still in the store: by id, by folder and name. */
  keptFolders(after: number, limit: number): FolderRow[];
  keptEntries(
    after: { readonly folder: number; readonly name: Uint8Array } | undefined,
    limit: number,
  ): EntryRow[];
  /** Live folders with this file id (8 bytes, little endian, as in the stat record). */
  foldersByFileId(fileId: Uint8Array): FolderRow[];
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
  /** Whether a live entry's content is in an encrypted object of the mirror. */
  hasSealed(): boolean;
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
