import { HoldfastError, messageOf } from "../core/error.ts";
import {
  bytesOfText,
  displayPath,
  joinPath,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import { filtered, type FolderListing, indexOf, nameAt } from "../core/scan/listing.ts";
import { FILE_CODE, FOLDER_CODE, STAT_RECORD_BYTES } from "../core/stat_record.ts";
import type { Rules } from "../ports/rules.ts";
import type { Walk } from "./walk_state.ts";

/** Which entries of a listing belong to the source: rules, ignore files, and never Holdfast's own. */
export function ignoreFileIn(rules: Rules, listing: FolderListing): boolean {
  if (rules.ignoreFile === "") return false;
  const i = indexOf(listing, bytesOfText(rules.ignoreFile));
  return i >= 0 && listing.stats[i * STAT_RECORD_BYTES] === FILE_CODE;
}

const LARGEST_IGNORE_FILE = 1 << 20;

export async function readIgnoreFile(walk: Walk, outer: Rules, folder: PathText): Promise<Rules> {
  const path = joinPath(folder, outer.ignoreFile);
  try {
    const file = await walk.root.openFile(path);
    try {
      const buffer = new Uint8Array(LARGEST_IGNORE_FILE);
      const length = await file.read(buffer);
      return outer.withIgnoreFile(folder, buffer.subarray(0, length));
    } finally {
      file.close();
    }
  } catch (error) {
    throw new HoldfastError(
      "entry",
      `cannot read the ignore file ${displayPath(path)}: ${messageOf(error)}`,
      {
        context: { path: displayPath(path) },
        hint: 'make it readable, or set ignore_file = ""',
        cause: error,
      },
    );
  }
}

export function withoutExcluded(
  walk: Walk,
  listing: FolderListing,
  path: PathText,
  rules: Rules,
): FolderListing {
  const { own } = walk.options;
  if (rules.empty && own.size === 0) return listing;
  const keep = new Uint8Array(listing.count).fill(1);
  let dropped = false;
  for (let i = 0; i < listing.count; i++) {
    const entry = joinPath(path, textOfBytes(nameAt(listing, i)));
    const isFolder = listing.stats[i * STAT_RECORD_BYTES] === FOLDER_CODE;
    if (!own.has(entry) && !rules.excludes(entry, isFolder)) continue;
    keep[i] = 0;
    dropped = true;
  }
  return dropped ? filtered(listing, keep) : listing;
}
