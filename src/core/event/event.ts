import type { BatchEventData } from "./batch_events.ts";
import type { LockEventData } from "./lock_events.ts";
import type { AdoptedBy } from "../mirror/judge_foreign.ts";
import type { JsonPath } from "../path_text.ts";
import type { RebuildOrigins } from "./rebuild_origins.ts";
import type { ReconcileEventData } from "./reconcile_events.ts";
import type { RestoreEventData } from "./restore_events.ts";
import type { EntryType } from "../stat_record.ts";

/**
 * The events of the log, version 1 of each. Written once, never changed: docs/event_log.md is the
 * reference. 64-bit numbers are decimal strings, times are ns since 1970 as decimal strings, hashes
 * are lower-case hex, names and paths are strings or `{"b64": …}` (core/path_text.ts).
 */
export interface EventData
  extends BatchEventData, LockEventData, ReconcileEventData, RestoreEventData {
  RepositoryCreated: { repository: string; layout: Layout; url: string };
  /** age recipients that what is stored from now on is sealed for; none where it is not encrypted. */
  RecipientsChanged: { recipients: string[] };
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
  /** With `packs`, content is found by its hash in packs: nothing lies under a path's own key. */
  EntriesObserved: { source: string; seen: string; folders: ObservedFolder[]; packs?: true };
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
    /** Bytes of each part but the last; left out of what is encrypted, which nobody can go on with. */
    partSize?: number;
    class?: string;
    encryption?: "age";
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
    /** They were there already, put by another tool: how it is known that they hold the content. */
    adopted?: AdoptedBy;
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
    /** Snapshots that were made since the move do not keep the old keys: they find all under the new. */
    release?: true;
  };
  /** Intent: objects that will be deleted. */
  DeletionPlanned: {
    why: DeletionReason;
    objects: DeletedObject[];
    /** Hashes of contents that are given up with them, although an entry or a kept snapshot has them. */
    lost?: string[];
    /** Kept snapshots in which so many entries lose their content by that. */
    snapshots?: [position: number, entries: number][];
  };
  ObjectDeleted: { why: DeletionReason; objects: DeletedObject[] };
  /** Keys that nothing kept needs as an alias target any more. */
  AliasesReleased: { keys: string[] };
  /** The job's source has another name now: a rename of its root. */
  SourceRenamed: { from: string; to: string; packs?: true };
  /** Intent: a pack will be written under this key. */
  PackStarted: {
    /** 32 hex digits. */
    pack: string;
    key: string;
    class: string;
    /** Bytes of the age header and nonce before the payload; 0 where it is not encrypted. */
    header: number;
    encryption: "age" | "none";
  };
  /**
   * Entries whose content is in the packs, or will be once the pack is complete: until then they count
   * as stored in the index, and PackStored or PackAborted takes back what did not get there.
   */
  MembersPacked: { source: string; folders: PackedFolder[]; pack?: string };
  /**
   * Contents that a pack has, and no entry of this log by itself: content-defined chunks of large files,
   * in the order of the pack; after a rebuild also what entries had before. `list` as in PackedEntry.
   */
  ChunksPacked: {
    pack: string;
    chunks: [sha256: string, size: number, at: number, list?: number][];
  };
  /** Of which chunks a large file's content is made, in pieces: `from` counts chunks. */
  ChunksListed: {
    /** Of the whole content. */
    sha256: string;
    from: number;
    /** Their SHA-256 hashes, 32 bytes each, one after the other, in base64url. */
    chunks: string;
  };
  /**
   * Intent: a part of a pack is complete, and will be sent. `frames` are the zstd frames in it, bytes
   * as stored and of TAR each; skippable ones have none. A pack that a rebuild takes from its index is
   * one part.
   */
  PartPrepared: {
    pack: string;
    part: number;
    size: number;
    /** Of the part, and of the pack up to its end; 8 hex digits, "" where a rebuild does not know it. */
    crc32: string;
    whole: string;
    /** Bytes of TAR up to the part's end. */
    plain: string;
    frames: [stored: number, plain: number][];
    /** What ends the pack after this part, in base64url; left out where the part itself ends it. */
    tail?: string;
  };
  /** A pack is complete. Members beyond `plain` bytes of TAR did not get there: it was closed early. */
  PackStored: {
    pack: string;
    key: string;
    /** Bytes as stored. */
    size: string;
    plain: string;
    etag: string;
    version?: string;
    checksum?: string;
  };
  /** Entries that a pack should have had when it was closed early: they are not stored. */
  MembersLost: {
    source: string;
    folders: { path: JsonPath; entries: { name: JsonPath; type: EntryType; prev: number }[] }[];
  };
  /** A pack of which nothing is in the store, or that a rebuild begins anew from its index. */
  PackAborted: { pack: string; key: string; upload?: string; reason: string };
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
    /** What is in the store and in no index, because nothing tells where it belongs. */
    unknown?: string[];
    /** Of what was not counted nothing is said. */
    origins?: RebuildOrigins;
  };
  /** An object that the log does not know, with metadata that says what it is. */
  ObjectDiscovered: { key: string; path: JsonPath; log: string; position: number };
  /** The objects of these entries were found as recorded; `read` where their bytes were read. */
  ObjectVerified: {
    source: string;
    read?: true;
    folders: { path: JsonPath; names: JsonPath[] }[];
    /** Ids of packs that were read from their first byte to their last. */
    packs?: string[];
  };
  ObjectMissing: LostObject;
  ObjectDamaged: LostObject;
  /** What was lost of these entries is in the store again, from the source. */
  ObjectHealed: { source: string; objects: HealedObject[] };
}

/** What a check found missing, or not what was stored. */
export interface LostObject {
  source: string;
  /** "" for a pack or an object of the log. */
  path: JsonPath;
  key: string;
  /** Position that stored it: the entry that has it still is not stored now. */
  stored?: number;
  /** Of a pack: hashes of the contents that it does not have; left out for all of them. */
  contents?: string[];
  reason: string;
}

export interface HealedObject {
  path: JsonPath;
  /** Position that stored what was lost. */
  lost: number;
  /** Key under which that was; left out where it was in a pack. */
  from?: string;
  /** Where it is now: older states that had the lost one find it there. Left out of what is in packs. */
  content?: ObjectContent;
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

/** "deleted" is what a person named, needed or not; "unknown" what no log has stored. */
export type DeletionReason = "renamed" | "removed" | "pruned" | "deleted" | "unknown";

export interface PlannedRename {
  path: JsonPath;
  /** The object's key; of a folder the prefix of the keys below it, ending in "/". */
  from: string;
  folder?: true;
  way: "copy" | "alias" | "upload";
  why: string;
}

export interface RenamedPath {
  path: JsonPath;
  folder?: true;
}

/** One object a file, or many files in a pack (DESIGN section 3). */
export type Layout = "mirror" | "pack";

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
  /** Of shares: DOS attributes, where there are any. */
  dos?: number;
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

/** Where an entry's content is: under a key, or without one in the packs, by its hash. */
export type ObservedContent = Omit<ObjectContent, "key"> & Partial<Pick<ObjectContent, "key">>;

export interface ObjectContent {
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
  /** Bytes of age header and nonce that the object begins with; left out where it is not encrypted. */
  header?: number;
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
  /** Bytes of age header and nonce that it begins with; left out where it is not encrypted. */
  header?: number;
  /** Of the bytes as stored, where these are not the content; not of copies. */
  storedSha256?: string;
  checksum?: string;
  /** The key that it was copied from; of ObjectsStored that of the former content, if another. */
  from?: string;
  /** Position of the event that stored what is under `from`, which nothing needs any more. */
  was?: number;
  /** Position of the event that first stored that, where it is a copy. */
  wasSince?: number;
  /** Nothing needs `from` any more: snapshots that were made since the move find the content here. */
  release?: true;
  /** ObjectsStored: the store keeps no version of that, and the entry had it until this position. */
  until?: number;
  /** Position of the event that first stored the content which this replaced for good: no version is left. */
  over?: number;
  /** Position of the event that first stored the same content, where that is neither this nor `was`. */
  since?: number;
  racy?: true;
  prev: number;
}

export interface PackedFolder {
  path: JsonPath;
  objects: PackedEntry[];
}

export interface PackedEntry {
  name: JsonPath;
  type: EntryType;
  /** Of the content; files only. */
  sha256?: string;
  /** Bytes of the content; files that are not empty only. */
  size?: string;
  /**
   * Offset in the pack's TAR of its content, of its header where it has none. Left out where the pack
   * has nothing of it: the same content is stored already, or only its metadata changed.
   */
  at?: number;
  /** A large file in chunks: bytes of the list that is at `at`. */
  list?: number;
  racy?: true;
  prev: number;
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
