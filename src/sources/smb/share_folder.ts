import { DOS_REPARSE_POINT } from "../../core/dos_attributes.ts";
import { HoldfastError } from "../../core/error.ts";
import {
  bytesOfText,
  displayPath,
  joinPath,
  type PathText,
  textOfBytes,
} from "../../core/path_text.ts";
import { indexOf, nameAt, recordAt } from "../../core/scan/listing.ts";
import { FOLDER_CODE, STAT_RECORD_BYTES, unpackStat } from "../../core/stat_record.ts";
import type { FolderListing, SourceFolder } from "../../ports/source.ts";
import { namesOf, type ShareWalk } from "./share_walk.ts";

export interface FolderPlace {
  readonly path: PathText;
  /** File ids of this folder and of those above it. */
  readonly ids: ReadonlySet<bigint>;
}

/**
 * A folder of a share. Reparse points (junctions, links into other servers) are entries without
 * anything below them, and so are folders that are one of those above them: a Samba server follows
 * symlinks by itself, and such a one would be walked for ever.
 */
export function shareFolder(walk: ShareWalk, { path, ids }: FolderPlace): SourceFolder {
  let listing: FolderListing | undefined;

  function isEntered(i: number): boolean {
    const record = recordAt(listing!, i);
    if (record[0] !== FOLDER_CODE) return false;
    const { dos = 0, fileId } = unpackStat(record);
    return (dos & DOS_REPARSE_POINT) === 0 && (fileId === 0n || !ids.has(fileId));
  }

  return {
    ...commonOf(walk, path),
    async list() {
      listing = (await walk.ahead.take(path)).listing;
      const below: PathText[] = [];
      for (let i = 0; i < listing.count; i++) {
        if (listing.stats[i * STAT_RECORD_BYTES] !== FOLDER_CODE || !isEntered(i)) continue;
        below.push(joinPath(path, textOfBytes(nameAt(listing, i))));
      }
      walk.ahead.expect(below);
      return listing;
    },
    enter(name) {
      const inner = joinPath(path, name);
      const i = listing === undefined ? -1 : indexOf(listing, bytesOfText(name));
      if (i < 0 || recordAt(listing!, i)[0] !== FOLDER_CODE) throw notAFolder(inner);
      if (!isEntered(i)) return closedFolder(walk, inner);
      const { fileId } = unpackStat(recordAt(listing!, i));
      return shareFolder(walk, { path: inner, ids: new Set([...ids, fileId]) });
    },
    close: () => walk.ahead.leave(path),
  };
}

const NOTHING: FolderListing = {
  ...{ count: 0, names: new Uint8Array(0), nameEnds: new Uint32Array(0) },
  ...{ stats: new Uint8Array(0), links: new Uint32Array(0), mounts: new Uint8Array(0), failed: [] },
};

/** Recorded, and not looked into. */
function closedFolder(walk: ShareWalk, path: PathText): SourceFolder {
  return {
    ...commonOf(walk, path),
    list: () => NOTHING,
    enter(name) {
      throw notAFolder(name);
    },
    close() {},
  };
}

function commonOf(walk: ShareWalk, path: PathText) {
  return {
    fileSystem: walk.identity,
    racyWindow: walk.racyWindow,
    readTarget(name: PathText): PathText {
      throw noSymlink(name);
    },
    readAttributes: (name: PathText) =>
      walk.attributesOf(namesOf(walk, name === "" ? path : joinPath(path, name))),
  };
}

function notAFolder(path: PathText): HoldfastError {
  return new HoldfastError("entry", `not a folder any more: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "it changed while it was read: run again",
  });
}

/** A server shows what they lead to, or a reparse point. */
export function noSymlink(path: PathText): HoldfastError {
  return new HoldfastError("entry", `not a symlink: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "it changed while it was read: run again",
  });
}
