import type { PathText } from "../core/path_text.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import type { FolderListing } from "../core/scan/listing.ts";
import type { SourceFolder, SourceRoot } from "../ports/source.ts";
import type { Missing } from "./missing_entries.ts";
import type { MovedFolder } from "./moved_folders.ts";
import type { ObservationBatch } from "./observation_batch.ts";
import type { ScanContext, ScanOptions } from "./scan_context.ts";

/** What the parts of one walk share. */
export interface Walk extends ScanContext {
  readonly options: ScanOptions;
  readonly root: SourceRoot;
  readonly batch: ObservationBatch;
  readonly missing: Missing[];
  readonly moved: MovedFolder[];
  /** Rows of files whose path has another file now, as they were. */
  readonly replaced: EntryRow[];
  /** Of files with several names, those that were there before with the same file id. */
  readonly sameFile: Set<string>;
  readonly windows: Map<PathText, bigint>;
  entries: number;
  bytes: number;
  unreadable: number;
  /** Folders found under another path. */
  renamed: number;
  unknown: number;
  /** Mounts that had entries and have none. */
  emptyMounts: number;
  paused: bigint;
}

/** A folder being walked. */
export interface Visit {
  readonly handle: SourceFolder;
  readonly listing: FolderListing;
  readonly path: PathText;
  readonly row: FolderRow | undefined;
}

/** Windows are kept where they differ from the parent's: at mounts. */
export function windowOf(walk: Walk, folder: PathText): bigint {
  for (let path = folder;;) {
    const window = walk.windows.get(path);
    if (window !== undefined) return window;
    if (path === "") return 0n;
    path = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  }
}
