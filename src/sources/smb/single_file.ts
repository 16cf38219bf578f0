import { bytesOfText, type PathText } from "../../core/path_text.ts";
import { filtered, indexOf } from "../../core/scan/listing.ts";
import type { SourceFolder } from "../../ports/source.ts";
import { shareFolder } from "./share_folder.ts";
import type { ShareWalk } from "./share_walk.ts";

/** The folder above a source that is one file: it lists that file alone. */
export function singleFileFolder(walk: ShareWalk, name: PathText): SourceFolder {
  const folder = shareFolder(walk, { path: "", ids: new Set() });
  return {
    ...folder,
    async list() {
      const { listing } = await walk.ahead.take("");
      const keep = new Uint8Array(listing.count);
      const i = indexOf(listing, bytesOfText(name));
      if (i >= 0) keep[i] = 1;
      return { ...filtered(listing, keep), failed: [] };
    },
  };
}
