import type { JsonPath } from "../path_text.ts";
import type { EntryType } from "../stat_record.ts";

/**
 * The events of the log, version 1 of each. Written once, never changed: docs/event_log.md is the
 * reference. 64-bit numbers are decimal strings, times are ns since 1970 as decimal strings, hashes
 * are lower-case hex, names and paths are strings or `{"b64": …}` (core/path_text.ts).
 */
export interface EventData {
  RepositoryCreated: { repository: string; layout: "mirror"; url: string };
  StoreProbed: { url: string; features: Record<string, string> };
  RunStarted: {
    command: string;
    job: string;
    host: string;
    user: string;
    pid: number;
    program: string;
    config: string;
    /** What the person called the run (`--description`). */
    description?: string;
  };
  RunFinished: { outcome: number; totals: Record<string, string> };
  /** An earlier run that ended without RunFinished, found by the next one. */
  RunInterrupted: { run: string };
  GuardOverridden: { source: string; guard: GuardName; missing: number };
  ScanStarted: {
    source: string;
    path: JsonPath;
    rules: string;
    fileSystem: string;
    walker: string;
    single?: true;
  };
  EntriesObserved: { source: string; seen: string; folders: ObservedFolder[] };
  ScanRefused: {
    source: string;
    guard: GuardName;
    missing: number;
    limit: number;
    sample: JsonPath[];
  };
  ScanCompleted: {
    source: string;
    entries: string;
    bytes: string;
    digest: string;
    /** Identity of the root's file system: another one next time is a foreign source. */
    fileSystem: string;
  };
  /** Intent: a multipart upload will be created under this key. */
  UploadStarted: {
    source: string;
    path: JsonPath;
    key: string;
    size: string;
    /** Position of the observation that it uploads; with it and the parts' size it can go on later. */
    observed?: number;
    /** Bytes of each part but the last. */
    partSize?: number;
    class?: string;
  };
  UploadCreated: { key: string; upload: string };
  /** A later process goes on with an upload: so many parts are there already. */
  UploadResumed: { key: string; upload: string; parts: number; bytes: string };
  UploadAborted: { key: string; upload?: string; reason: string };
  /** Content that is in the store now. */
  ObjectsStored: {
    source: string;
    class: string;
    folders: StoredFolder[];
    /** Key of the multipart upload that this completes: such an object is stored alone. */
    multipart?: string;
  };
  /** The same by server-side copies: each names the key that it was copied from. */
  ObjectCopied: { source: string; class: string; folders: StoredFolder[] };
  /** Intent: how moved entries will be settled in the store, and why so. */
  RenamePlanned: { source: string; renames: PlannedRename[] };
  /** The content of these stays under the key that it has; that key is never overwritten or deleted. */
  RenameAliased: { source: string; renames: PlannedRename[] };
  /** Moved entries whose content has its own key again, and whose old key is dealt with. */
  RenameSettled: {
    source: string;
    paths: RenamedPath[];
    /** What was left under the old keys: to be deleted, unless something kept needs it. */
    obsolete: DeletedObject[];
  };
  /** Intent: objects that will be deleted. */
  DeletionPlanned: { why: DeletionReason; objects: DeletedObject[] };
  ObjectDeleted: { why: DeletionReason; objects: DeletedObject[] };
  /** Keys that nothing kept needs as an alias target any more. */
  AliasesReleased: { keys: string[] };
  /** The job's source has another name now: a rename of its root. */
  SourceRenamed: { from: string; to: string };
  /** What the store would not take: such entries stay unstored. */
  ObjectsRefused: { source: string; entries: { path: JsonPath; reason: string }[] };
  SnapshotCreated: {
    sources: { name: string; digest: string }[];
    entries: string;
    bytes: string;
    gaps?: number;
    description?: string;
  };
  SnapshotForgotten: { snapshots: { position: number; reason: string }[] };
  /** A run's effects on the index were taken back by the EntriesObserved before this, in its run. */
  Undone: { run: string; from: number; to: number; entries: string; lost: string };
  /** A sealed range of this log is in the repository. */
  LogSegmentShipped: {
    log: string;
    key: string;
    first: number;
    last: number;
    head: string;
    /** Entries that it is about, and bytes as stored. */
    entries?: number;
    bytes?: number;
  };
  /** What renames, removals and changes of metadata up to `last` amount to is in the repository. */
  RenamesShipped: { key: string; first: number; last: number };
  /** The projections at a position are in the repository. */
  LogCheckpointed: {
    key: string;
    position: number;
    digests: Record<string, string>;
    /** Version of the projections' tables. */
    projections?: number;
  };
  /** The first event of a log that goes on where another one was. */
  TakenOver: { log: string; position: number; hash: string; host: string };
  IndexRebuilt: {
    way: "segments" | "metadata" | "mixed";
    segments: number;
    objects: number;
    records: number;
    /** What could not be found or read, as sentences. */
    missing: string[];
  };
  /** An object that the log does not know, with metadata that says what it is. */
  ObjectDiscovered: { key: string; path: JsonPath; log: string; position: number };
  /** The objects of these entries were found as recorded; `read` where their bytes were read. */
  ObjectVerified: { source: string; read?: true; folders: { path: JsonPath; names: JsonPath[] }[] };
  /** With `stored`, the position that stored it: the entry that has it still is not stored now. */
  ObjectMissing: { source: string; path: JsonPath; key: string; stored?: number; reason: string };
  ObjectDamaged: { source: string; path: JsonPath; key: string; stored?: number; reason: string };
  RestorePlanned: {
    to: JsonPath;
    position: number;
    entries: string;
    bytes: string;
    overwrite: string;
  };
  EntriesRestored: { entries: string; bytes: string; failed: RestoreFailure[] };
  RestoreFinished: { outcome: number; entries: string; bytes: string; failed: string };
}

/** A key that lost its object, or (with a version) one version of it. */
export interface DeletedObject {
  /** Of the entry that it belonged to, where it is known. */
  source?: string;
  path?: JsonPath;
  folder?: true;
  key: string;
  version?: string;
  /** Position of the event that stored it. */
  stored: number;
  /** Position of the event that first stored it, where it is a copy. */
  since?: number;
  /** No version is left, and the entry had it until this position: snapshots in between lost it. */
  until?: number;
}

export type DeletionReason = "renamed" | "removed" | "pruned";

export interface PlannedRename {
  path: JsonPath;
  /** The object's key; of a folder the prefix of the keys below it, ending in "/". */
  from: string;
  folder?: true;
  way: "copy" | "alias";
  why: string;
}

export interface RenamedPath {
  path: JsonPath;
  folder?: true;
}

export type GuardName = "absent" | "empty" | "foreign" | "max_delete";
export type EventType = keyof EventData;

export interface ObservedFolder {
  /** The folder that holds the entries, from the source's root; "" is the root. */
  path: JsonPath;
  entries: ObservedEntry[];
}

export type Change =
  | "added"
  | "changed" // stat, target or attributes differ from the last observation
  | "unchanged" // seen as before: recorded only with observations = "all"
  | "removed"
  | "unreadable" // there, but could not be looked at, listed or opened; known as before
  | "unstable" // changed again and again while being read: stored as last read, and marked
  | "reread" // content read again and found equal to what is stored
  | "moved" // it was under `from` before, by `evidence`
  | "linked" // another name of the file that is also there under `from`
  | "reverted"; // back as it was, by undo

export interface ObservedEntry {
  name: JsonPath;
  change: Change;
  type?: EntryType;
  mode?: number;
  uid?: number;
  gid?: number;
  size?: string;
  mtime?: string;
  ctime?: string;
  birth?: string;
  /** File id (inode number). */
  id?: string;
  links?: number;
  rdev?: string;
  sparse?: true;
  target?: JsonPath;
  attributes?: [JsonPath, string][];
  /** Folders: identity of the file system that holds it, where it is not its parent's. */
  fs?: string;
  /** Content is what was stored before, by rule and not by reading (trust_mtime). */
  kept?: true;
  /** Too young to be trusted: read again next time. */
  racy?: true;
  sha256?: string;
  /** "moved", "linked": path from the source's root; "reverted": where it had been moved to. */
  from?: JsonPath;
  evidence?: Evidence;
  /** "moved", "linked", "reverted": where its content is. */
  content?: ObservedContent;
  reason?: string;
  /** Position of the event before this one about the entry. */
  prev?: number;
}

/** "file id": same file system, inode, size, mtime and, where known, birth time; else same SHA-256. */
export type Evidence = "file id" | "content";

export interface ObservedContent {
  /** Position of the event that stored it; negative where it must be read again before it is believed. */
  stored: number;
  key: string;
  version?: string;
  etag?: string;
  sha256?: string;
  /** Left out for STANDARD. */
  class?: string;
  /** Position of the event that first stored it, where it is a copy. */
  since?: number;
}

export interface StoredFolder {
  path: JsonPath;
  objects: StoredEntry[];
}

export interface StoredEntry {
  name: JsonPath;
  type: EntryType;
  /** Object key below the repository's prefix, where it is not the path's own (core/mirror/object_key.ts). */
  key?: string;
  version?: string;
  etag: string;
  /** Bytes as stored; left out for empty marker objects. */
  size?: string;
  /** Of the content; files only. */
  sha256?: string;
  checksum?: string;
  /** The key that it was copied from; of ObjectsStored that of the former content, if another. */
  from?: string;
  /** Position of the event that stored what is under `from`, which nothing needs any more. */
  was?: number;
  /** Position of the event that first stored that, where it is a copy. */
  wasSince?: number;
  /** ObjectsStored: the store keeps no version of that, and the entry had it until this position. */
  until?: number;
  /** Position of the event that first stored the content which this replaced for good: no version is left. */
  over?: number;
  /** Position of the event that first stored the same content, where that is neither this nor `was`. */
  since?: number;
  racy?: true;
  prev: number;
}

export interface RestoreFailure {
  path: JsonPath;
  reason: string;
}

export interface NewEvent<T extends EventType = EventType> {
  readonly type: T;
  readonly data: EventData[T];
}

/** One event as the log holds it. */
export interface LoggedEvent<T extends EventType = EventType> {
  readonly position: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  /** 32 hex digits. */
  readonly run: string;
  readonly type: T;
  readonly version: number;
  readonly data: EventData[T];
}

/** The events as a union, so that a switch on `type` narrows `data`. */
export type AnyEvent = { [T in EventType]: LoggedEvent<T> }[EventType];
export type AnyNewEvent = { [T in EventType]: NewEvent<T> }[EventType];

/** A batch event holds at most this many entries (DESIGN section 5) … */
export const BATCH_ENTRIES = 1000;
/** … and about this many bytes of JSON. */
export const BATCH_BYTES = 256 * 1024;
