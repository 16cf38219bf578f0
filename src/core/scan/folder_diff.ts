import { compareBytes } from "../path_text.ts";
import { FOLDER_CODE, STAT_RECORD_BYTES } from "../stat_record.ts";
import { type EntryRow, isLive, REMOVED, UNREADABLE, UNSETTLED } from "../index/rows.ts";
import { type FolderListing, nameAt } from "./listing.ts";

/** What a walk does with each difference between a folder's listing and the index. */
export interface DiffActions {
  /** Entry `i` (no folder) is new, or not as its row says, or its row is not settled. */
  changed(i: number, row: EntryRow | undefined): void;
  /** Entry `i` (no folder) is as its row says. */
  unchanged?(row: EntryRow): void;
  /** A live row without an entry. */
  missing(row: EntryRow): void;
  /** sameRecord by default. */
  readonly isSame?: SameRecord;
}

/**
 * Merges a folder's listing with its rows, both in byte order of names. Subfolders are left to the
 * walk, which enters each of them anyhow.
 */
export function diffFolder(
  listing: FolderListing,
  rows: Iterable<EntryRow>,
  actions: DiffActions,
): void {
  const { isSame = sameRecord } = actions;
  const iterator = rows[Symbol.iterator]();
  let row = iterator.next();
  for (let i = 0; i < listing.count; i++) {
    const name = nameAt(listing, i);
    let order = 1;
    while (!row.done && (order = compareBytes(row.value.name, name)) < 0) {
      if (isLive(row.value)) actions.missing(row.value);
      row = iterator.next();
    }
    const found = !row.done && order === 0 ? row.value : undefined;
    if (found !== undefined) row = iterator.next();
    if (listing.stats[i * STAT_RECORD_BYTES] === FOLDER_CODE) {
      if (found !== undefined && isLive(found)) actions.missing(found);
    } else if (found === undefined || differs(listing, i, found, isSame)) {
      actions.changed(i, found);
    } else {
      actions.unchanged?.(found);
    }
  }
  for (; !row.done; row = iterator.next()) {
    if (isLive(row.value)) actions.missing(row.value);
  }
}

function differs(
  listing: FolderListing,
  i: number,
  row: EntryRow,
  isSame: SameRecord,
): boolean {
  if ((row.state & (REMOVED | UNREADABLE | UNSETTLED)) !== 0) return true;
  return listing.links[i] !== row.links || !isSame(listing.stats, i, row.stat);
}

export type SameRecord = (stats: Uint8Array, i: number, record: Uint8Array) => boolean;

/** Whether record `i` is byte for byte the given one. */
export function sameRecord(stats: Uint8Array, i: number, record: Uint8Array): boolean {
  const offset = i * STAT_RECORD_BYTES;
  for (let k = 0; k < STAT_RECORD_BYTES; k++) {
    if (stats[offset + k] !== record[k]) return false;
  }
  return true;
}

const BIRTH = 48;

/**
 * As sameRecord, but for the time of birth. Of shares that is told and not believed: a Samba server on
 * Linux makes it up from the other times of files that were not made over SMB, the last access among
 * them, which reading the file changes.
 */
export function sameButBirth(stats: Uint8Array, i: number, record: Uint8Array): boolean {
  const offset = i * STAT_RECORD_BYTES;
  for (let k = 0; k < STAT_RECORD_BYTES; k++) {
    if (stats[offset + k] !== record[k] && (k < BIRTH || k >= BIRTH + 8)) return false;
  }
  return true;
}
