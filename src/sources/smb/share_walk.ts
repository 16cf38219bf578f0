import type { PathText } from "../../core/path_text.ts";
import type { SmbPool } from "../../smb/child_pool.ts";
import type { FilesAhead } from "./files_ahead.ts";
import type { KeptAttributes } from "./kept_attributes.ts";
import type { ListingAhead } from "./listing_ahead.ts";

/** What the folders and files of one open share have in common. */
export interface ShareWalk {
  readonly pool: SmbPool;
  /** Share and names below it, of the source's root. */
  readonly root: readonly string[];
  /** Identity of the share (ports/source.ts, `fileSystem`). */
  readonly identity: string;
  readonly racyWindow: bigint;
  readonly ahead: ListingAhead;
  readonly files: FilesAhead;
  readonly attributesOf: KeptAttributes;
}

/** The names of what is at a path below the root, as the calls take them. */
export function namesOf({ root }: Pick<ShareWalk, "root">, path: PathText): string[] {
  return path === "" ? [...root] : [...root, ...path.split("/")];
}
