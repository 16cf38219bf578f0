import { compareBytes, type PathText } from "../path_text.ts";
import { STAT_RECORD_BYTES } from "../stat_record.ts";

/** A folder's entries in packed columns: a folder of a million entries must fit in memory. */
export interface FolderListing {
  readonly count: number;
  /** Names of all entries one after the other, in byte order. Sockets, "." and ".." are left out. */
  readonly names: Uint8Array;
  /** Where name i ends in `names`; it starts where name i - 1 ends. */
  readonly nameEnds: Uint32Array;
  /** `count` packed stat records, in the same order. */
  readonly stats: Uint8Array;
  /** st_nlink of each; 1 where it has no meaning (folders). */
  readonly links: Uint32Array;
  /** 1 where the entry is the root of another mount, else 0. */
  readonly mounts: Uint8Array;
  /** Entries that are there but could not be looked at, and why ("EACCES: permission denied"). */
  readonly failed: readonly { readonly name: PathText; readonly reason: string }[];
}

/** The bytes of name `i`: a view, not a copy. */
export function nameAt(listing: FolderListing, i: number): Uint8Array {
  return listing.names.subarray(i === 0 ? 0 : listing.nameEnds[i - 1], listing.nameEnds[i]);
}

/** The listing with only the entries that `keep` says 1 of. */
export function filtered(listing: FolderListing, keep: Uint8Array): FolderListing {
  let count = 0;
  let bytes = 0;
  for (let i = 0; i < listing.count; i++) {
    if (keep[i] === 0) continue;
    count++;
    bytes += nameAt(listing, i).length;
  }
  const names = new Uint8Array(bytes);
  const nameEnds = new Uint32Array(count);
  const stats = new Uint8Array(count * STAT_RECORD_BYTES);
  const links = new Uint32Array(count);
  const mounts = new Uint8Array(count);
  let end = 0;
  let next = 0;
  for (let i = 0; i < listing.count; i++) {
    if (keep[i] === 0) continue;
    const name = nameAt(listing, i);
    names.set(name, end);
    end += name.length;
    nameEnds[next] = end;
    stats.set(recordAt(listing, i), next * STAT_RECORD_BYTES);
    links[next] = listing.links[i];
    mounts[next] = listing.mounts[i];
    next++;
  }
  return { count, names, nameEnds, stats, links, mounts, failed: listing.failed };
}

/** The stat record of entry `i`: a view, not a copy. */
export function recordAt(listing: FolderListing, i: number): Uint8Array {
  return listing.stats.subarray(i * STAT_RECORD_BYTES, (i + 1) * STAT_RECORD_BYTES);
}

/** Place of a name in a listing, or -1. */
export function indexOf(listing: FolderListing, name: Uint8Array): number {
  let low = 0;
  let high = listing.count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(nameAt(listing, middle), name);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
