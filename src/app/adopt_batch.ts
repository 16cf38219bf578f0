import {
  type AnyNewEvent,
  BATCH_BYTES,
  BATCH_ENTRIES,
  type ObservedEntry,
  type ObservedFolder,
  type StoredEntry,
  type StoredFolder,
} from "../core/event/event.ts";
import { rowAt } from "../core/index/row_at.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { CONTENT_FOLDER, keyOfPath } from "../core/mirror/object_key.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
import { joinPath, jsonOfText, type PathText, splitPath, textOfBytes } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import { upsert } from "./upsert.ts";

export interface Place {
  readonly source: string;
  /** From the source's root. */
  readonly path: PathText;
}

/** Appends entries that are known from the repository, as batch events. */
export interface AdoptBatch {
  /** The entry is at this path and its content is where it says; replaces what the index has there. */
  place(place: Place, entry: RecordedEntry): void;
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
}

export function adoptBatch(log: JobLog, run: string, now: () => bigint): AdoptBatch {
  let source = "";
  let observed = new Map<PathText, ObservedFolder>();
  let stored = new Map<string, Map<PathText, StoredFolder>>();
  let pending = new Set<string>();
  let bytes = 0;
  /** The folder that was asked for last: there, unless something was observed since. */
  let ensured: string | undefined;
  const assumed = new Map<string, Place>();

  function flush(): void {
    if (pending.size === 0) return;
    const events: AnyNewEvent[] = [];
    if (observed.size > 0) {
      const data = { source, seen: now().toString(), folders: [...observed.values()] };
      events.push({ type: "EntriesObserved", data });
    }
    for (const [storageClass, folders] of stored) {
      const data = { source, class: storageClass, folders: [...folders.values()] };
      events.push({ type: "ObjectsStored", data });
    }
    log.append(run, events);
    observed = new Map();
    stored = new Map();
    pending = new Set();
    bytes = 0;
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
    return rowAt(log.index, place, isFolder);
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

  function put(place: Place, entry: RecordedEntry): void {
    const isFolder = entry.type === "folder";
    if (place.path !== "") {
      ensureFolder({ source: place.source, path: splitPath(place.path).folder });
    }
    const row = rowOf(place, isFolder);
    enter(place, isFolder);
    const { unreadable: _, content, ...seen } = entry;
    const isElsewhere = content !== undefined && !isFolder && !isPlain(place, entry);
    add(place, {
      name: jsonOfText(splitPath(place.path).name),
      change: isElsewhere ? "moved" : isLive(row) ? "changed" : "added",
      ...seen,
      ctime: seen.ctime ?? "0",
      ...(row === undefined ? {} : { prev: row.position }),
      ...(isElsewhere ? { content } : {}),
    });
    if (content === undefined || isElsewhere || place.path === "") return;
    const isKept = isFolder && row !== undefined && row.content.etag === content.etag &&
      row.content.stored > 0;
    if (isKept || !isPlain(place, entry)) return;
    // The event before it in the same transaction.
    addStored(place, entry, log.head().position + 1);
  }

  function add({ path }: Place, entry: ObservedEntry): void {
    const { folder } = splitPath(path);
    const group = upsert(observed, folder, () => ({ path: jsonOfText(folder), entries: [] }));
    group.entries.push(entry);
  }

  function addStored({ source, path }: Place, entry: RecordedEntry, prev: number): void {
    const { key, version, etag, sha256, class: storageClass } = entry.content!;
    const { folder, name } = splitPath(path);
    const isOwn = key === keyOfPath(source, path, entry.type === "folder");
    const object: StoredEntry = {
      name: jsonOfText(name),
      type: entry.type,
      ...(isOwn ? {} : { key }),
      ...(version === undefined ? {} : { version }),
      etag: etag!,
      ...(entry.type === "file" && entry.size !== undefined ? { size: entry.size } : {}),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(entry.racy === true && entry.type !== "folder" ? { racy: true as const } : {}),
      prev,
    };
    const folders = upsert(stored, storageClass ?? "STANDARD", () => new Map());
    upsert(folders, folder, () => ({ path: jsonOfText(folder), objects: [] })).objects.push(object);
  }

  return {
    place(place, entry) {
      if (entry.type === "folder") assumed.delete(nameOf(place, true));
      put(place, entry);
    },
    store(place, entry, prev) {
      enter(place, entry.type === "folder");
      addStored(place, entry, prev);
    },
    observe(place, entry) {
      ensured = undefined;
      enter(place, entry.type === "folder");
      add(place, { name: jsonOfText(splitPath(place.path).name), ...entry });
    },
    carryAssumed(from, to) {
      ensured = undefined;
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
  };
}

/** Names of the sources that the index has a root of; the list of folders leaves out an empty one. */
export function rootNames({ tables }: Pick<IndexModel, "tables">): string[] {
  const unnamed = tables.findFolder(0, new Uint8Array(0)) === undefined ? [] : [""];
  return [...unnamed, ...[...tables.foldersIn(0)].map(({ name }) => textOfBytes(name))];
}

/** Its content is under its own key, or where no other path's is. */
function isPlain({ source, path }: Place, { type, content }: RecordedEntry): boolean {
  if (content === undefined || content.stored <= 0) return false;
  return content.key.startsWith(CONTENT_FOLDER) ||
    content.key === keyOfPath(source, path, type === "folder");
}

function nameOf({ source, path }: Place, isFolder: boolean): string {
  return `${joinPath(source, path)}${isFolder ? "/" : ""}`;
}
