import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  type EventData,
  type ObservedEntry,
  type PackedEntry,
  type StoredEntry,
} from "../core/event/event.ts";
import { isInObject } from "../core/index/observed_content.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { CONTENT_FOLDER, keyOfPath } from "../core/mirror/object_key.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import {
  bytesOfText,
  joinPath,
  jsonOfText,
  type PathText,
  splitPath,
  textOfBytes,
} from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import { adoptedEvents, type PackedContentData } from "./adopted_events.ts";

export interface Place {
  readonly source: string;
  /** From the source's root. */
  readonly path: PathText;
}

/** What a pack has of an entry; without `at` only its index has it, without `pack` not even that. */
export interface PackedPlace extends Pick<PackedEntry, "at" | "list"> {
  readonly pack?: string;
}

/** What the index has at a place, by whoever has just looked. */
export interface KnownRow {
  readonly row: EntryRow | FolderRow | undefined;
}

/** Appends entries that are known from the repository, as batch events. */
export interface AdoptBatch {
  /**
   * The entry is at this path and its content is where it says, or in a pack; replaces what the index
   * has there.
   */
  place(place: Place, entry: RecordedEntry, packed?: PackedPlace, row?: KnownRow): void;
  /** A pack has an entry as the index has it. */
  pack(place: Place, entry: RecordedEntry, packed: PackedPlace, prev: number): void;
  /** A pack has a content that no entry has by itself. */
  content(pack: string, content: PackedContentData): void;
  listed(list: EventData["ChunksListed"]): void;
  /** The content of an entry that the index has, and that is not stored as far as it knows. */
  store(place: Place, entry: RecordedEntry, prev: number): void;
  /** Any other observation, of a row that the index has. */
  observe(place: Place, entry: Omit<ObservedEntry, "name">): void;
  /** What the index has there, after all that was handed over. */
  rowOf(place: Place, isFolder: boolean): EntryRow | FolderRow | undefined;
  /** Makes sure that there is a folder, with attributes unknown where nothing is known of it. */
  ensureFolder(place: Place): void;
  flush(): void;
  /** After a folder was moved, with the folders in it that are only assumed. */
  carryAssumed(from: Place, to: Place): void;
  /** Folders of which only what is in them is known. */
  readonly assumed: Map<string, Place>;
  isAssumed(place: Place): boolean;
}

export function adoptBatch(
  log: JobLog,
  run: string,
  now: () => bigint,
  { inPacks = false }: { readonly inPacks?: boolean } = {},
): AdoptBatch {
  let source = "";
  let pending = new Set<string>();
  const events = adoptedEvents(inPacks);
  let [contents, bytes] = [0, 0];
  /** The folder that was asked for last: there, unless something was observed since. */
  let ensured: string | undefined;
  /** The folder in which an entry was looked for last; a move makes it void. */
  let holder: { readonly at: string; readonly id: number } | undefined;
  const assumed = new Map<string, Place>();

  function flush(): void {
    if (pending.size + contents === 0) return;
    log.append(run, events.take(source, now()));
    pending = new Set();
    [contents, bytes] = [0, 0];
  }

  function countContent(length: number): void {
    contents++;
    bytes += length;
    if (contents >= BATCH_ENTRIES || bytes >= BATCH_BYTES) flush();
  }

  /** Room for one more about this entry, which must not be in the batch yet. */
  function enter(place: Place, isFolder: boolean): void {
    const isFull = pending.size >= BATCH_ENTRIES || bytes >= BATCH_BYTES;
    const name = nameOf(place, isFolder);
    if (place.source !== source || isFull || pending.has(name)) flush();
    source = place.source;
    pending.add(name);
    bytes += 250 + place.path.length;
  }

  function rowOf(place: Place, isFolder: boolean): EntryRow | FolderRow | undefined {
    if (pending.has(nameOf(place, isFolder))) flush();
    const { index } = log;
    if (isFolder) return index.paths.find(place.source, place.path);
    const { folder, name } = splitPath(place.path);
    const at = `${place.source}\0${folder}`;
    // Neighbours come one after the other.
    if (holder?.at !== at) {
      const row = index.paths.find(place.source, folder);
      if (row === undefined) return undefined;
      holder = { at, id: row.id };
    }
    return index.tables.findEntry(holder.id, bytesOfText(name));
  }

  function ensureFolder(place: Place): void {
    const name = nameOf(place, true);
    if (name === ensured) return;
    ensured = name;
    const isPending = place.source === source && pending.has(name);
    if (isPending || isLive(log.index.paths.find(place.source, place.path))) return;
    assumed.set(name, place);
    put(place, { type: "folder", mode: 0o700, uid: 0, gid: 0, mtime: "0", id: "0" });
  }

  function put(
    place: Place,
    entry: RecordedEntry,
    packed?: PackedPlace,
    known?: KnownRow,
  ): void {
    const isFolder = entry.type === "folder";
    if (place.path !== "") {
      ensureFolder({ source: place.source, path: splitPath(place.path).folder });
    }
    const { row } = known ?? { row: rowOf(place, isFolder) };
    enter(place, isFolder);
    const { unreadable: _, content, ...seen } = entry;
    const isElsewhere = content !== undefined && !isFolder && packed === undefined &&
      !isPlain(place, entry);
    add(place, {
      name: jsonOfText(splitPath(place.path).name),
      change: isElsewhere ? "moved" : isLive(row) ? "changed" : "added",
      ...seen,
      ctime: seen.ctime ?? "0",
      ...(row === undefined ? {} : { prev: row.position }),
      ...(isElsewhere ? { content } : {}),
    });
    if (content === undefined || isElsewhere || place.path === "") return;
    // The event before it in the same transaction.
    const prev = log.head().position + 1;
    // Of a folder a pack has nothing but its header: which one does not matter.
    const inPack = packed ?? (isInObject(content) ? undefined : {});
    if (inPack !== undefined) return addPacked(place, entry, inPack, prev);
    const isKept = isFolder && row !== undefined && row.content.etag === content.etag &&
      row.content.stored > 0;
    if (isKept || !isPlain(place, entry)) return;
    addStored(place, entry, prev);
  }

  function add({ path }: Place, entry: ObservedEntry): void {
    events.observed(splitPath(path).folder, entry);
  }

  function addPacked(
    { path }: Place,
    { type, size, racy, content }: RecordedEntry,
    { pack, ...place }: PackedPlace,
    prev: number,
  ): void {
    const { folder, name } = splitPath(path);
    const { sha256 } = content!;
    events.packed(pack, folder, {
      name: jsonOfText(name),
      type,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(type === "file" && size !== undefined && size !== "0" ? { size } : {}),
      ...place,
      ...(racy === true && type !== "folder" ? { racy } : {}),
      prev,
    });
  }

  function addStored({ source, path }: Place, entry: RecordedEntry, prev: number): void {
    const { key, version, etag, sha256, header, class: storageClass } = entry.content!;
    const { folder, name } = splitPath(path);
    const isOwn = key === keyOfPath(source, path, entry.type === "folder");
    const object: StoredEntry = {
      name: jsonOfText(name),
      type: entry.type,
      ...(isOwn ? {} : { key }),
      ...(version === undefined ? {} : { version }),
      etag: etag!,
      ...(entry.type === "file" && entry.size !== undefined
        ? { size: sizeAsStored(Number(entry.size), header ?? 0).toString() }
        : {}),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(header === undefined ? {} : { header }),
      ...(entry.racy === true && entry.type !== "folder" ? { racy: true as const } : {}),
      prev,
    };
    events.stored(storageClass ?? "STANDARD", folder, object);
  }

  return {
    place(place, entry, packed, row) {
      if (entry.type === "folder") assumed.delete(nameOf(place, true));
      put(place, entry, packed, row);
    },
    pack(place, entry, packed, prev) {
      enter(place, entry.type === "folder");
      addPacked(place, entry, packed, prev);
    },
    content(pack, content) {
      events.content(pack, content);
      countContent(120);
    },
    listed(list) {
      events.listed(list);
      countContent(list.chunks.length);
    },
    store(place, entry, prev) {
      enter(place, entry.type === "folder");
      addStored(place, entry, prev);
    },
    observe(place, entry) {
      [ensured, holder] = [undefined, undefined];
      enter(place, entry.type === "folder");
      add(place, { name: jsonOfText(splitPath(place.path).name), ...entry });
    },
    carryAssumed(from, to) {
      [ensured, holder] = [undefined, undefined];
      for (const [name, place] of [...assumed]) {
        const isBelow = place.source === from.source &&
          (from.path === "" || place.path === from.path || place.path.startsWith(`${from.path}/`));
        if (!isBelow) continue;
        assumed.delete(name);
        const path = to.path + place.path.slice(from.path.length);
        assumed.set(nameOf({ source: to.source, path }, true), { source: to.source, path });
      }
    },
    ...{ rowOf, ensureFolder, flush, assumed },
    isAssumed: (place) => assumed.has(nameOf(place, true)),
  };
}

/** Names of the sources that the index has a root of; the list of folders leaves out an empty one. */
export function rootNames({ tables }: Pick<IndexModel, "tables">): string[] {
  const unnamed = tables.findFolder(0, new Uint8Array(0)) === undefined ? [] : [""];
  return [...unnamed, ...[...tables.foldersIn(0)].map(({ name }) => textOfBytes(name))];
}

/** Its content is in an object, under its own key or where no other path's is. */
function isPlain({ source, path }: Place, { type, content }: RecordedEntry): boolean {
  if (content === undefined || content.stored <= 0 || !isInObject(content)) return false;
  const { key } = content;
  return key.startsWith(CONTENT_FOLDER) || key === keyOfPath(source, path, type === "folder");
}

function nameOf({ source, path }: Place, isFolder: boolean): string {
  return `${joinPath(source, path)}${isFolder ? "/" : ""}`;
}
