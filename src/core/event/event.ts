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
  UploadStarted: { source: string; path: JsonPath; key: string; size: string };
  UploadCreated: { key: string; upload: string };
  UploadAborted: { key: string; upload?: string; reason: string };
  ObjectsStored: {
    source: string;
    class: string;
    folders: StoredFolder[];
    /** Key of the multipart upload that this completes: such an object is stored alone. */
    multipart?: string;
  };
  /** What the store would not take: such entries stay unstored. */
  ObjectsRefused: { source: string; entries: { path: JsonPath; reason: string }[] };
  SnapshotCreated: {
    sources: { name: string; digest: string }[];
    entries: string;
    bytes: string;
    gaps?: number;
  };
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
  | "reread"; // content read again and found equal to what is stored

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
  reason?: string;
  /** Position of the event before this one about the entry. */
  prev?: number;
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
