import { HoldfastError } from "../../core/error.ts";
import { displayPath, joinPath, type PathText } from "../../core/path_text.ts";
import type { DirectFolder, FolderListing } from "../../ports/source.ts";
import { COARSE_WINDOW } from "./file_system_identity.ts";
import { infoAt, pathBelow, portableError, readTargetAt } from "./portable_call.ts";
import { packPortableListing } from "./portable_listing.ts";

/** What the folders of one walk share: the root's absolute path; the name of a single-file source. */
export interface PortableWalk {
  readonly base: string;
  readonly only: string | undefined;
}

/** The folder at `path` below the walk's base ("" is the base), looked at before as `info`. */
export function portableFolder(
  walk: PortableWalk,
  path: PathText,
  info: Deno.FileInfo,
): DirectFolder {
  const absolute = path === "" ? walk.base : pathBelow(walk.base, path);
  return {
    // A device number is all that Deno tells; on Windows it is the volume's serial number.
    fileSystem: `device:${info.dev}`,
    racyWindow: COARSE_WINDOW,
    list: () => listFolder(walk, absolute, path, info.dev),
    enter(name) {
      const below = joinPath(path, name);
      const folder = infoAt(walk.base, below);
      if (folder.isDirectory) return portableFolder(walk, below, folder);
      throw new HoldfastError("entry", `not a folder any more: ${displayPath(below)}`, {
        context: { path: displayPath(below) },
        hint: "it changed while it was read: run again",
      });
    },
    readTarget: (name) => readTargetAt(walk.base, joinPath(path, name)),
    readAttributes: () => [],
    close() {},
  };
}

function listFolder(
  walk: PortableWalk,
  absolute: string,
  path: PathText,
  device: number,
): FolderListing {
  const names: string[] = [];
  try {
    if (walk.only !== undefined) names.push(walk.only);
    else for (const entry of Deno.readDirSync(absolute)) names.push(entry.name);
  } catch (error) {
    throw portableError("read the folder", path, error);
  }
  return packPortableListing(absolute, device, names);
}
