import type { DeletionReason } from "../event/event.ts";
import type { PackTables } from "./pack_rows.ts";
import type { RestoreTables } from "./restore_rows.ts";

/**
 * Rows of the index: what is known of each entry now. Folders and other entries are two tables, so
 * that a moved folder changes one row. Names are bytes.
 */
export interface FolderRow {
  /** From 1, in the order of first observation: the same in every replay. */
  readonly id: number;
  /** 0 for the root of a source, whose name is the source's. */
  readonly parent: number;
  readonly name: Uint8Array;
  /** Where it was before it was moved, oldest first. */
  readonly moves: readonly FormerPlace[];
  readonly fileSystem: string;
  stat: Uint8Array;
  attributes: string | null;
  state: number;
  /** Position of the last event about it. */
  position: number;
  content: ContentRow;
}

export interface FormerPlace {
  /** Position of the event that moved it away. */
  readonly until: number;
  readonly parent: number;
  readonly name: Uint8Array;
}

export interface EntryRow {
  readonly folder: number;
  readonly name: Uint8Array;
  stat: Uint8Array;
  links: number;
  target: Uint8Array | null;
  attributes: string | null;
  state: number;
  position: number;
  content: ContentRow;
  /** Position of the event that stored what is under the path's own key, 0 where nothing is. */
  occupant: number;
  /** Position of the event that first stored that, where it is a copy; else 0. */
  occupantSince: number;
  /** Position of the last ObjectVerified about it, 0 where there is none. */
  checked: number;
}

/** Where an entry's content is. */
export interface ContentRow {
  /**
   * Position of the ObjectsStored that holds the content: positive where it belongs to the latest
   * observation, negative where it is a former content, 0 where there never was one.
   */
  stored: number;
  /** Of the content; null for marker objects (folders, symlinks, devices) and where the size changed since. */
  sha256: Uint8Array | null;
  /**
   * Object key where it is not the path's own: that of the path as it was at position |stored|
   * (object_keys.ts).
   */
  key: string | null;
  version: string | null;
  /** Null where nothing was stored, IN_PACKS where the content is found by its hash in packs. */
  etag: string | null;
  /** Null for STANDARD. */
  storageClass: string | null;
  /**
   * Position of the event that first stored a file's content, where it is a copy of that: snapshots
   * made since have it. Else 0.
   */
  since: number;
  /** Bytes of age header and nonce that a file's object begins with; 0 where it is not encrypted. */
  header: number;
}

/** A moved or linked entry whose content is not under its own key. */
export interface RenameRow {
  /** The folder that holds it; of a moved folder itself its id. */
  readonly folder: number;
  /** Empty for a moved folder. */
  readonly name: Uint8Array;
  /** Key of the content; of a folder the prefix of the keys below it, ending in "/". */
  readonly fromKey: string;
  /** Position of the event that moved it. */
  readonly position: number;
  /** Decided to stay so. */
  readonly aliased: boolean;
}

/** An object whose deletion was decided, and not yet seen done. */
export interface DeletionRow {
  readonly key: string;
  /** "" for the current object. */
  readonly version: string;
  readonly why: DeletionReason;
  /** The event's words about it, as JSON. */
  readonly object: string;
}

/** A key that is never overwritten or deleted, or the prefix of such keys. */
export interface AliasRow {
  readonly key: string;
  /** The folder whose objects lie below the prefix; 0 for a key alone. */
  readonly folder: number;
  readonly position: number;
}

/** `etag` of content in packs: an object has another one. */
export const IN_PACKS = "";

export const NO_CONTENT: Readonly<ContentRow> = {
  stored: 0,
  sha256: null,
  key: null,
  version: null,
  etag: null,
  storageClass: null,
  since: 0,
  header: 0,
};

/** Bits of `state`. */
export const REMOVED = 1;
export const UNREADABLE = 2;
/** Too young when it was read, or not at rest: looked at again next time, though stored. */
export const UNSETTLED = 4;
/** Kept changing while it was read: the stored content is one moment's mixture. */
export const UNSTABLE = 8;

/** Known, and not known as removed. */
export function isLive(row: { readonly state: number }): boolean;
export function isLive<Row extends { readonly state: number }>(row: Row | undefined): row is Row;
export function isLive(row: { readonly state: number } | undefined): boolean {
  return row !== undefined && (row.state & REMOVED) === 0;
}

/**
 * The tables that the fold works on: SQLite's in the program, maps in the property tests. All
 * synchronous. A row handed out may be changed and put back.
 */
export interface IndexTables extends PackTables, RestoreTables {
  nextFolderId(): number;
  findFolder(parent: number, name: Uint8Array): FolderRow | undefined;
  folderById(id: number): FolderRow | undefined;
  putFolder(row: FolderRow): void;
  /** Subfolders, live and removed, in byte order of their names. */
  foldersIn(parent: number): Iterable<FolderRow>;
  findEntry(folder: number, name: Uint8Array): EntryRow | undefined;
  /** Adds a row that is known to be new: the hot path of a first run. */
  insertEntry(row: EntryRow): void;
  putEntry(row: EntryRow): void;
  /**
   * Sets content and position in one go where the row is at `prev`, live and not UNREADABLE; false
   * where it is not. Of the row's state only UNSTABLE stays, and `state` is added.
   */
  storeContent(
    folder: number,
    name: Uint8Array,
    content: ContentRow,
    place: { prev: number; position: number; state: number },
  ): boolean;
  /** Entries, live and removed, in byte order of their names. */
  entriesIn(folder: number): Iterable<EntryRow>;
  /**
   * The digest records (tree_digest.ts) of a folder's live entries in order, where each of them is
   * plain: not in a hard-link group, without link target and attributes. Undefined where one is not,
   * or where there are many: the records are then made row by row. A shortcut that tables may leave
   * out.
   */
  plainRecords?(kind: DigestKind, folder: number): Uint8Array | undefined;
  /** Members of hard-link groups, by file system and file id. */
  addLink(fileSystem: string, fileId: bigint, folder: number, name: Uint8Array): void;
  removeLink(fileSystem: string, fileId: bigint, folder: number, name: Uint8Array): void;
  linkGroup(fileSystem: string, fileId: bigint): { folder: number; name: Uint8Array }[];
  /** Objects that are to be deleted; `version` "" is the current one. */
  putDeletion(row: DeletionRow): void;
  deletion(key: string, version: string): DeletionRow | undefined;
  removeDeletion(key: string, version: string): void;
  hasDeletions(): boolean;
  putRename(row: RenameRow): void;
  rename(folder: number, name: Uint8Array): RenameRow | undefined;
  removeRename(folder: number, name: Uint8Array): void;
  hasRenames(): boolean;
  /** Whether a rename's content is under this key. */
  isRenamedFrom(key: string): boolean;
  addAlias(row: AliasRow): void;
  /** Entries, live and removed, whose content says that it is under this key. */
  holdersOf(key: string): { folder: number; name: Uint8Array }[];
  /** Those of a key or prefix. */
  aliasesOf(key: string): AliasRow[];
  removeAlias(key: string, folder: number): void;
  hasAliases(): boolean;
  /** Whether a snapshot that was not forgotten was made at or after this position. */
  isInSnapshot(position: number): boolean;
  /** Content of an entry, or of so many, from position `from` until before `until` is not in the store. */
  loseContent(from: number, until: number, entries?: number): void;
  setChecked(folder: number, name: Uint8Array, position: number): void;
  /** The cached digest, or undefined where something below has changed since. */
  digest(kind: DigestKind, folder: number): Uint8Array | undefined;
  setDigest(kind: DigestKind, folder: number, digest: Uint8Array): void;
  /** Forgets a digest; false where it was forgotten already. Of kind "tree" both are forgotten. */
  clearDigest(kind: DigestKind, folder: number): boolean;
  /** Entries directly in the folder changed: what is cached about its listing is void. */
  listingChanged(folder: number): void;
}

/** "tree" is without content hashes (ScanCompleted), "content" with them (SnapshotCreated). */
export type DigestKind = "tree" | "content";
