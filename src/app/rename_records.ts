import type { AnyEvent, EventData, LoggedEvent, ObservedEntry } from "../core/event/event.ts";
import { neighbourFinder } from "../core/index/row_at.ts";
import {
  type EntryRow,
  type FolderRow,
  IN_PACKS,
  isLive,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "../core/index/rows.ts";
import { fullPath, type RecordBody } from "../core/mirror/renames_record.ts";
import { joinPath, jsonOfText, type PathText, textOfJson } from "../core/path_text.ts";
import { SPARSE_FLAG } from "../core/stat_record.ts";
import type { EventRange, IndexModel, JobLog } from "../ports/event_log.ts";
import { type FolderMove, folderMoves } from "./folder_moves.ts";
import { type IndexedMembers, indexedMembers } from "./indexed_members.ts";
import { placeNow } from "./place_now.ts";
import { recordedEntry } from "./recorded_entry.ts";

export interface RecordReader {
  /** What has to be recorded because of an event. Each event of the range once, in order. */
  recordsOf(event: AnyEvent): Generator<RecordBody>;
}

/**
 * Reads from the index, as it is at the end of the range, what became of the entries in its events:
 * each row is recorded at the last event about it, and only where the metadata of its object does
 * not say it all.
 */
export function recordReader(log: JobLog, range: Required<Pick<EventRange, "from" | "to">>) {
  const moves = folderMoves(log, range.to, range.from);
  // Seen in this range, and not all that their objects' metadata says.
  const special = new Set<string>();
  const { index } = log;
  const { stored, adopted } = storedSince(log, range);
  const findEntry = neighbourFinder(index);
  const indexed = indexedMembers(log, range);
  const reader: Reader = {
    ...{ index, moves, special, stored, adopted, indexed, from: range.from, findEntry },
  };
  return {
    *recordsOf(event: AnyEvent): Generator<RecordBody> {
      // What a rebuild appends is what the repository has said already.
      if (index.tables.run(event.run)?.command === "rebuild") return;
      switch (event.type) {
        case "EntriesObserved":
          return yield* recordsOfObserved(reader, event.data, event.position);
        case "ObjectsStored":
        case "ObjectCopied":
          return yield* recordsOfStored(reader, event.data, event.position);
        case "MembersPacked":
          return yield* recordsOfPacked(reader, event);
        case "MembersLost":
          return yield* recordsOfLost(reader, event.data, event.position);
        case "SourceRenamed":
          return yield { is: "source", from: event.data.from, to: event.data.to };
        case "ScanStarted": {
          const { rules: _, ...data } = event.data;
          return yield { is: "scan", data };
        }
        case "SnapshotCreated":
          return yield { is: "snapshot", at: event.at, data: event.data };
        case "SnapshotForgotten": {
          const snapshots = event.data.snapshots.map(({ position }) => position);
          return yield { is: "forgotten", snapshots };
        }
      }
    },
  };
}

/**
 * How many entries of an event have been stored as it says: they need not be looked at twice. And
 * which events adopted what other tools have put.
 */
function storedSince(log: JobLog, range: EventRange): Pick<Reader, "stored" | "adopted"> {
  const counts = new Map<number, number>();
  const adopted = new Set<number>();
  for (const type of ["ObjectsStored", "MembersPacked"] as const) {
    for (const event of log.events({ ...range, type })) {
      if (event.type !== "ObjectsStored" && event.type !== "MembersPacked") continue;
      if ("adopted" in event.data) adopted.add(event.position);
      for (const { objects } of event.data.folders) {
        for (const { prev } of objects) counts.set(prev, (counts.get(prev) ?? 0) + 1);
      }
    }
  }
  return { stored: counts, adopted };
}

interface Reader {
  readonly index: IndexModel;
  readonly moves: readonly FolderMove[];
  readonly special: Set<string>;
  readonly stored: ReadonlyMap<number, number>;
  readonly adopted: ReadonlySet<number>;
  readonly indexed: IndexedMembers;
  readonly from: number;
  /** Events name what is in a folder one after the other, and the index stands still. */
  readonly findEntry: (source: string, path: PathText) => EntryRow | undefined;
}

interface Seen {
  readonly source: string;
  /** From the source's root, at the event. */
  readonly path: PathText;
  readonly isFolder: boolean;
  readonly position: number;
}

function* recordsOfObserved(
  reader: Reader,
  { source, folders }: EventData["EntriesObserved"],
  position: number,
): Generator<RecordBody> {
  const count = folders.reduce((sum, { entries }) => sum + entries.length, 0);
  const isStored = reader.stored.get(position) === count;
  for (const group of folders) {
    const folder = textOfJson(group.path);
    for (const entry of group.entries) {
      const path = joinPath(folder, textOfJson(entry.name));
      const isFolder = entry.type === "folder";
      if (isFolder && entry.change === "moved" && entry.from !== undefined) {
        yield { is: "moved", source, from: entry.from, path: jsonOfText(path) };
      }
      if (entry.change === "unchanged") continue;
      const seen = { source, path, isFolder, position };
      if (isSpecial(entry)) reader.special.add(fullPath(source, path));
      if (!isStored) yield* recordOf(reader, seen, false, entry);
    }
  }
}

/** Neither is in an object's metadata. */
function isSpecial({ links, sparse, fs }: ObservedEntry): boolean {
  return links !== undefined || sparse === true || fs !== undefined;
}

function* recordsOfStored(
  reader: Reader,
  { source, folders, ...data }: EventData["ObjectsStored" | "ObjectCopied"],
  position: number,
): Generator<RecordBody> {
  const { special, moves, from } = reader;
  // Its hash was not known when the upload began, and so is not in the metadata.
  const isMultipart = "multipart" in data && data.multipart !== undefined;
  // Another tool has put it: it has no metadata of ours at all.
  const isAdopted = "adopted" in data && data.adopted !== undefined;
  for (const group of folders) {
    const folder = textOfJson(group.path);
    for (const { name, type, key, prev, header } of group.objects) {
      const path = joinPath(folder, textOfJson(name));
      // Of what is encrypted the metadata has no hash at all.
      const isHashless = isMultipart || isAdopted || header !== undefined;
      const isPlain = !isHashless && key === undefined && prev >= from && moves.length === 0 &&
        (special.size === 0 || !special.has(fullPath(source, path)));
      if (isPlain) continue;
      yield* recordOf(reader, { source, path, isFolder: type === "folder", position }, isHashless);
    }
  }
}

/** What a pack has of an entry, its index says; of other entries nothing else does. */
function* recordsOfPacked(
  reader: Reader,
  { run, position, data: { source, pack, folders } }: LoggedEvent<"MembersPacked">,
): Generator<RecordBody> {
  if (reader.indexed.hasAll(pack, run)) return;
  for (const group of folders) {
    const folder = textOfJson(group.path);
    for (const { name, type, at } of group.objects) {
      if (reader.indexed.has(pack, at)) continue;
      const path = joinPath(folder, textOfJson(name));
      yield* recordOf(reader, { source, path, isFolder: type === "folder", position }, true);
    }
  }
}

function* recordsOfLost(
  reader: Reader,
  { source, folders }: EventData["MembersLost"],
  position: number,
): Generator<RecordBody> {
  for (const { path: folder, entries } of folders) {
    for (const { name, type } of entries) {
      const path = joinPath(textOfJson(folder), textOfJson(name));
      yield* recordOf(reader, { source, path, isFolder: type === "folder", position }, false);
    }
  }
}

function* recordOf(
  reader: Reader,
  seen: Seen,
  isHashless: boolean,
  entry?: ObservedEntry,
): Generator<RecordBody> {
  const row = rowOf(reader, seen);
  // A later event about it comes, or the row is another one's by now.
  if (row === undefined || row.position !== seen.position) return;
  const { index } = reader;
  const { source, isFolder } = seen;
  const path = jsonOfText(seen.path);
  if (!isLive(row)) {
    const holder = index.tables.folderById("parent" in row ? row.parent : row.folder);
    // Then the folder's own record tells it.
    if (holder !== undefined && !isLive(holder)) return;
    yield { is: "removed", source, path, ...(isFolder ? { folder: true as const } : {}) };
    return;
  }
  const isReread = entry?.change === "reread" && entry.prev === row.content.stored;
  if (row.content.etag === IN_PACKS) {
    if (isReread && isSettledAsTold(reader, seen, row)) return;
  } else if (!isHashless && isTold(reader, row, isReread)) return;
  yield { is: "entry", source, path, entry: recordedEntry(index, row) };
}

function rowOf(
  { index, moves, findEntry }: Reader,
  { source, path, isFolder, position }: Seen,
): EntryRow | FolderRow | undefined {
  const place = placeNow(index, { source, path }, moves, position);
  if (isFolder) return index.paths.find(place.source, place.path);
  return findEntry(place.source, place.path);
}

/** An equal re-read of a stored file says nothing new, unless it is at rest only now. */
function isSettledAsTold(
  { indexed, from }: Reader,
  { source, path }: Seen,
  { content, state }: EntryRow | FolderRow,
): boolean {
  const told = indexed.memberAt(content.stored, source, path);
  return told !== undefined && (told.isIndexed || content.stored < from) &&
    told.isRacy === ((state & UNSETTLED) !== 0) && (state & (UNREADABLE | UNSTABLE)) === 0;
}

/** True where the metadata of the entry's own object says all of it. */
function isTold(
  { index, adopted }: Reader,
  row: EntryRow | FolderRow,
  isReread: boolean,
): boolean {
  const { stored, etag } = row.content;
  if (adopted.has(stored)) return false;
  if (etag === null || stored <= 0 || (row.state & (UNREADABLE | UNSTABLE)) !== 0) return false;
  if (stored !== row.position && !isReread) return false;
  // Of what is encrypted, the hash is in no metadata.
  if (row.content.header > 0) return false;
  const isPlain = "parent" in row
    ? index.tables.folderById(row.parent)?.fileSystem === row.fileSystem
    : row.links <= 1 && (row.stat[1] & SPARSE_FLAG) === 0;
  return isPlain && index.keys.ofRow(row) === index.keys.ownOfRow(row);
}
