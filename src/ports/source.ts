import type { PathText } from "../core/path_text.ts";
import type { FolderListing } from "../core/scan/listing.ts";

export type { FolderListing };

/** An answer, or the promise of one: a source on this machine answers at once, a server later. */
export type Answer<T> = T | Promise<T>;

/**
 * Where entries come from. A walk of local folders is one system call after another, and awaiting each
 * costs more than the call: so what answers at once is never awaited. Reading content is asynchronous.
 *
 * Every failure of a single entry is reported as data or as a HoldfastError of kind "entry", never
 * as anything that stops a walk.
 */
export interface Source {
  /** What the walker keeps: nanosecond times and names as bytes, or less (docs/stores.md). */
  readonly fidelity: "full" | "portable" | "share";
  /**
   * Opens the source. Throws kind "gone" where it is absent, "entry" where it cannot be read,
   * "denied" and "unreachable" where its server says no or nothing.
   * A single file is a root with one entry of that file's name.
   */
  open(): Answer<SourceRoot>;
}

export interface SourceRoot {
  /** True where the source is one file. */
  readonly single: boolean;
  /** The root folder itself as a packed stat record (core/stat_record.ts); of a single file's parent. */
  readonly stat: Uint8Array;
  readonly folder: SourceFolder;
  /** Opens a file below the root for reading, following no symlink. Throws kind "entry". */
  openFile(path: PathText, seen?: Seen): Answer<SourceFile>;
  /** The file will be opened soon, with this record as it was last seen: a server is asked ahead. */
  expectFile?(path: PathText, record: Uint8Array): void;
  /** Reads what a listing does not hold, following no symlink. Throws kind "entry". */
  readTarget(path: PathText): PathText;
  readAttributes(path: PathText): Answer<Attribute[]>;
  /**
   * The entry at a path as a packed stat record, following no symlink; undefined where it is not there,
   * or cannot be looked at.
   */
  statAt(path: PathText, seen?: Seen): Answer<Uint8Array | undefined>;
  close(): Answer<void>;
}

/**
 * How an entry was last seen. Local sources need not know: a server is spared a question by it, and
 * what only a listing tells is taken from it.
 */
export interface Seen {
  readonly record: Uint8Array;
  /** It may be another one by now: the file is looked at before it is read, and not only afterwards. */
  readonly stale?: true;
}

export interface SourceFolder {
  /** Identity of the file system that holds this folder: UUID or fsid and subvolume, as text. */
  readonly fileSystem: string;
  /** Time stamp resolution in ns below which a change may be invisible (DESIGN section 5, racy): 20 ms on local ns walkers, 2 s portable or FAT, 3 s network or FUSE. */
  readonly racyWindow: bigint;
  /**
   * All entries, sorted by name bytes. Throws kind "entry" where the folder cannot be read to its end,
   * "unreachable" where the server is lost: then nothing more of this source can be read.
   */
  list(): Answer<FolderListing>;
  /** Opens a subfolder, following no symlink. Throws kind "entry". */
  enter(name: PathText): SourceFolder;
  /** The target of the symlink `name`. Throws kind "entry". */
  readTarget(name: PathText): PathText;
  /** xattrs of `name` ("" is the folder itself), sorted by name; [] where there are none. */
  readAttributes(name: PathText): Answer<Attribute[]>;
  close(): void;
}

/** An extended attribute: POSIX ACLs are `system.posix_acl_access` and `system.posix_acl_default`. */
export interface Attribute {
  readonly name: PathText;
  readonly value: Uint8Array;
}

/** An open file. */
export interface SourceFile {
  /** fstat as a packed stat record: compared with the observation before and after the read. */
  stat(): Answer<Uint8Array>;
  /**
   * Reads up to `buffer.length` bytes from the current position; 0 at the end. Fills the buffer
   * unless the end comes first. May be synchronous for small files.
   */
  read(buffer: Uint8Array): number | Promise<number>;
  close(): void;
}

/** A source on this machine: each answer comes at once. */
export interface DirectSource extends Source {
  open(): DirectRoot;
}

export interface DirectRoot extends SourceRoot {
  readonly folder: DirectFolder;
  openFile(path: PathText): DirectFile;
  readAttributes(path: PathText): Attribute[];
  statAt(path: PathText): Uint8Array | undefined;
  close(): void;
}

export interface DirectFolder extends SourceFolder {
  list(): FolderListing;
  enter(name: PathText): DirectFolder;
  readAttributes(name: PathText): Attribute[];
}

export interface DirectFile extends SourceFile {
  stat(): Uint8Array;
}
