import type { EntryStat } from "../core/stat_record.ts";
import type { PathText } from "../core/path_text.ts";
import type { Attribute } from "./source.ts";

/**
 * Where a restore writes. Paths are relative to the target's folder and already validated by
 * core/restore_name.ts; the target itself still follows no symlink in any component, and sets all
 * metadata by handle (DESIGN section 8). Every failure is a HoldfastError of kind "entry", a full
 * disk of kind "disk-full".
 */
export interface RestoreTarget {
  /** What this target cannot keep, as sentences for the report; [] on Linux. */
  readonly limits: readonly string[];
  /** ns: times of modification are kept in whole multiples of it; 1 by default. */
  readonly timeStep?: bigint;
  /** What is at `path` now, or undefined. Never follows a symlink. */
  lookAt(path: PathText): EntryStat | undefined;
  /** Makes the folder (mode 0700 until `finish`), or keeps the one that is there. */
  makeFolder(path: PathText): void;
  /** Starts a file under a temporary name in the same folder. */
  createFile(path: PathText, options?: CreateOptions): TargetFile;
  /** Returns what could not be kept, as `TargetFile.finish` does; so does `makeSpecial`. */
  makeSymlink(
    path: PathText,
    target: PathText,
    stat: EntryStat,
    attributes: readonly Attribute[],
  ): string[];
  /** Makes a device or FIFO (mknod: needs privilege for devices). */
  makeSpecial(path: PathText, stat: EntryStat, attributes: readonly Attribute[]): string[];
  /** Makes `path` a hard link to `existing`, a file that this restore wrote or verified. */
  makeLink(path: PathText, existing: PathText): void;
  /** Removes a file, symlink or special file that is in the way (never a folder with entries). */
  remove(path: PathText): void;
  /** Sets the final metadata of a folder, after everything in it is written. */
  finishFolder(path: PathText, stat: EntryStat, attributes: readonly Attribute[]): string[];
  /** Reads a present file, to compare its content. */
  readFile(path: PathText): AsyncIterable<Uint8Array>;
  /** Removes temporary files that a killed restore left in the folder. */
  sweep(folder: PathText): void;
  /**
   * Flushes all that was written to the disk, one sync for all files. Throws kind "entry". The
   * portable target cannot, and says so in `limits`.
   */
  flush(): void;
  close(): void;
}

export interface TargetFile {
  /** Appends; runs of zero bytes in a file marked sparse become holes. */
  write(bytes: Uint8Array): void;
  /**
   * Sets owner, mode, xattrs, ACLs and times by handle, and gives the file its name.
   * Returns what could not be kept ("owner 0:0: EPERM"), as reasons; the file is in place all the same.
   */
  finish(stat: EntryStat, attributes: readonly Attribute[], options: FinishOptions): string[];
  /** Closes and removes the temporary file. */
  discard(): void;
}

export interface CreateOptions {
  /** The file had holes: runs of zero bytes become holes again. */
  readonly sparse?: boolean;
}

export interface FinishOptions {
  /** Replace what is at the path (a file, symlink or special file) in one rename; else fail where something is there. */
  readonly replace: boolean;
}
