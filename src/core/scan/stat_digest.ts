import type { Sha256 } from "../hash.ts";
import type { FolderListing } from "./listing.ts";

/**
 * The stat digest of one folder's listing: equal digests, nothing in it to look up. It covers every
 * entry's name and stat record and the rules in force; subfolders are entries like others, and each
 * folder is listed in every scan, so that one digest a folder is enough (docs/decisions/stat_digest.md).
 * Local and never an event.
 */
export function statDigest(listing: FolderListing, rules: string, sha256: Sha256): Uint8Array {
  const { nameEnds, names, stats } = listing;
  const ends = new Uint8Array(nameEnds.buffer, nameEnds.byteOffset, listing.count * 4);
  return sha256(`holdfast-stat-1\n${rules.length}\n${rules}`, ends, names, stats);
}
