import { compareBytes } from "../core/path_text.ts";
import {
  attributesOfObserved,
  statOfObserved,
  targetOfObserved,
} from "../core/index/observed_stat.ts";
import {
  type EntryRow,
  type FolderRow,
  isLive,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "../core/index/rows.ts";
import type { PackedState, PlacedClaim } from "../core/mirror/packed_state.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
import type { IndexedEntry } from "../core/pack/pack_index.ts";
import { type PathText, splitPath } from "../core/path_text.ts";
import type { KnownRow, PackedPlace, Place } from "./adopt_batch.ts";
import { type Changing, removeRow, shown } from "./adopt_changes.ts";

export interface PackedWork extends Changing {
  readonly state: PackedState;
  /** Position up to which the log told all. */
  readonly after: number;
  /** Behind it, a row is what the newest index that tells of it says. */
  readonly start: number;
  /** A stretch of the log is not told by records. */
  readonly isBroken: boolean;
  /** File systems of folders that are not on that of the folder above, by full path. */
  readonly mounts: Map<PathText, string>;
  /** Placed, by what says so. */
  readonly entries: { index: number; record: number };
  outside: number;
  /** Folder above which nothing is in the way, as was last found out. */
  cleared: string;
}

/**
 * Gives an entry of an index its place, where that is the last that is known of it; false where it
 * is not. `pack` is left out where the store does not have the pack.
 */
export function placeIndexed(work: PackedWork, seen: IndexedEntry, pack?: string): boolean {
  if (seen.position <= work.after) return false;
  const now = work.state.now(seen);
  const place = now === undefined ? undefined : placeOf(work, now);
  if (now === undefined || place === undefined) return false;
  const { at, list, entry } = seen;
  const isFolder = entry.type === "folder";
  const row = work.batch.rowOf(place, isFolder);
  const isAssumed = isFolder && work.batch.isAssumed(place);
  if (row !== undefined && row.position > work.start && !isAssumed) return false;
  if (!isFree(work, place, isFolder)) return false;
  if (isFolder) noteMount(work, now, entry);
  const packed = pack === undefined ? undefined : {
    pack,
    ...(at === undefined ? {} : { at }),
    ...(list === undefined ? {} : { list }),
  };
  // Its observation was in the log already, and only that it is stored is new.
  const isKnown = packed !== undefined && entry.content !== undefined && place.path !== "" &&
    isLive(row) && isSame(row, entry);
  if (isKnown) work.batch.pack(place, entry, packed, row.position);
  else put(work, place, entry, packed, { row });
  work.entries.index++;
  return true;
}

/** The same of what a record says. */
export function placeRecorded(work: PackedWork, { now, isFolder, entry }: PlacedClaim): void {
  const place = placeOf(work, now);
  if (place === undefined || !isFree(work, place, isFolder)) return;
  if (isFolder) noteMount(work, now, entry);
  put(work, place, entry);
  work.entries.record++;
}

function placeOf(work: PackedWork, now: PathText): Place | undefined {
  const place = work.names.split(now, Infinity);
  if (place === undefined) work.outside++;
  return place;
}

function put(
  work: PackedWork,
  place: Place,
  entry: RecordedEntry,
  packed?: PackedPlace,
  row?: KnownRow,
): void {
  work.batch.place(place, entry, packed, row);
  if (entry.unreadable) work.unreadable.push(place);
}

function noteMount({ mounts }: PackedWork, now: PathText, { fs }: RecordedEntry): void {
  if (fs === undefined) mounts.delete(now);
  else mounts.set(now, fs);
}

/** Where the record of a removal is missing, a file may be where others need a folder: that is kept. */
function isFree(work: PackedWork, place: Place, isFolder: boolean): boolean {
  const { batch, missing, isBroken } = work;
  if (!isBroken) return true;
  const { source } = place;
  const { folder } = splitPath(place.path);
  // Neighbours come one after the other; what is a folder once stays one.
  if (work.cleared !== `${source}\0${folder}`) {
    for (let path = folder; path !== ""; path = splitPath(path).folder) {
      dropFile(work, { source, path });
    }
    work.cleared = `${source}\0${folder}`;
  }
  if (isFolder) {
    dropFile(work, place);
    return true;
  }
  if (!isLive(batch.rowOf(place, true))) return true;
  missing.push(clash(place));
  return false;
}

function dropFile(work: PackedWork, place: Place): void {
  if (place.path === "" || !isLive(work.batch.rowOf(place, false))) return;
  work.missing.push(clash(place));
  removeRow(work, place, false);
}

function clash(place: Place): string {
  return `${shown(place)} is a folder and a file: the folder is in the index`;
}

function isSame(row: EntryRow | FolderRow, entry: RecordedEntry): boolean {
  const observed = { ...entry, name: "", change: "added" as const };
  const isPlain = (row.state & (UNREADABLE | UNSTABLE)) === 0 && entry.unreadable !== true &&
    compareBytes(row.stat, statOfObserved(observed)) === 0 &&
    row.attributes === attributesOfObserved(observed);
  if (!isPlain) return false;
  if ("parent" in row) {
    return entry.fs === undefined && ((row.state & UNSETTLED) !== 0) === (entry.racy === true);
  }
  const target = targetOfObserved(observed);
  const isSameTarget = target === null || row.target === null
    ? target === row.target
    : compareBytes(target, row.target) === 0;
  return isSameTarget && row.links === (entry.links ?? 1);
}
