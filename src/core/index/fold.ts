import { HoldfastError } from "../error.ts";
import type { AnyEvent, EventData, ObservedEntry, StoredEntry } from "../event/event.ts";
import { bytesOfHex } from "../hash.ts";
import { bytesOfText, displayPath, joinPath, type PathText, textOfJson } from "../path_text.ts";
import { contentAfter, contentOfRemoved } from "./content_after.ts";
import { attributesOfObserved, statOfObserved, targetOfObserved } from "./observed_stat.ts";
import {
  type ContentRow,
  type EntryRow,
  type FolderRow,
  type IndexTables,
  NO_CONTENT,
  REMOVED,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "./rows.ts";
import { FILE_CODE } from "../stat_record.ts";
import { type FolderPaths, folderPaths } from "./folder_paths.ts";

/**
 * The index projection: each event changes the tables, and nothing else does. Throws kind "damage"
 * where an event does not fit what came before it.
 */
export interface IndexFold {
  project(event: AnyEvent): void;
  readonly paths: FolderPaths;
}

export function indexFold(tables: IndexTables): IndexFold {
  const paths = folderPaths(tables);
  return {
    paths,
    project(event) {
      if (event.type === "EntriesObserved") observe(tables, paths, event.data, event.position);
      else if (event.type === "ObjectsStored") store(tables, paths, event.data, event.position);
    },
  };
}

function observe(
  tables: IndexTables,
  paths: FolderPaths,
  data: EventData["EntriesObserved"],
  position: number,
): void {
  for (const group of data.folders) {
    const path = textOfJson(group.path);
    const at: Place = { source: data.source, path, position };
    let folder = paths.find(data.source, path);
    for (const entry of group.entries) {
      if (entry.name === "") {
        observeRoot(tables, at, entry);
        folder = paths.find(data.source, path);
        continue;
      }
      if (folder === undefined) throw unknownFolder(at);
      if (entry.type === "folder") observeFolder(tables, paths, folder, entry, at);
      else observeEntry(tables, folder, entry, at);
    }
    if (folder !== undefined) {
      tables.listingChanged(folder.id);
      forgetDigests(tables, "tree", folder.id);
    }
  }
}

interface Place {
  readonly source: string;
  readonly path: PathText;
  readonly position: number;
}

function unknownFolder(at: Place): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${at.position} is about entries in ${
      displayPath(at.path) || "/"
    }, a folder that no event before it names`,
    { context: { position: at.position, source: at.source } },
  );
}

function misplaced(at: Place, name: PathText): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${at.position} about ${
      displayPath(joinPath(at.path, name))
    } does not follow the event it names as the one before`,
    { context: { position: at.position, source: at.source } },
  );
}

function observeRoot(tables: IndexTables, at: Place, entry: ObservedEntry): void {
  const name = bytesOfText(at.source);
  const old = tables.findFolder(0, name);
  putFolder(tables, old, { parent: 0, name, fileSystem: entry.fs ?? "" }, entry, at.position);
}

function observeFolder(
  tables: IndexTables,
  paths: FolderPaths,
  parent: FolderRow,
  entry: ObservedEntry,
  at: Place,
): void {
  const text = textOfJson(entry.name);
  const name = bytesOfText(text);
  const old = tables.findFolder(parent.id, name);
  checkPrev(old?.position, entry, at, text);
  const fileSystem = entry.fs ?? parent.fileSystem;
  putFolder(tables, old, { parent: parent.id, name, fileSystem }, entry, at.position);
  if (old !== undefined && old.fileSystem !== fileSystem) paths.forget();
}

function putFolder(
  tables: IndexTables,
  old: FolderRow | undefined,
  identity: { parent: number; name: Uint8Array; fileSystem: string },
  entry: ObservedEntry,
  position: number,
): void {
  if (entry.change === "added" || entry.change === "changed") {
    const row: FolderRow = {
      id: old?.id ?? tables.nextFolderId(),
      ...identity,
      stat: statOfObserved(entry),
      attributes: attributesOfObserved(entry),
      state: entry.racy ? UNSETTLED : 0,
      position,
      content: old?.content ?? { ...NO_CONTENT },
    };
    tables.putFolder(row);
    if (old !== undefined && old.fileSystem !== row.fileSystem) moveGroups(tables, old, row);
  } else if (old !== undefined) {
    old.state = stateAfter(old.state, entry);
    old.position = position;
    tables.putFolder(old);
  }
  if (old !== undefined) tables.listingChanged(old.id);
}

function stateAfter(state: number, entry: ObservedEntry): number {
  switch (entry.change) {
    case "removed":
      return REMOVED;
    case "unreadable":
      return state | UNREADABLE;
    case "unchanged":
      return state;
    case "unstable":
      return UNSTABLE | UNSETTLED;
    default:
      return entry.racy ? UNSETTLED : 0;
  }
}

function observeEntry(
  tables: IndexTables,
  folder: FolderRow,
  entry: ObservedEntry,
  at: Place,
): void {
  const text = textOfJson(entry.name);
  const name = bytesOfText(text);
  if (entry.change === "added" && entry.prev === undefined) {
    const row = newRow(folder.id, name, entry, at.position);
    tables.insertEntry(row);
    if (row.links > 1) joinGroup(tables, folder, row);
    return;
  }
  const old = tables.findEntry(folder.id, name);
  checkPrev(old?.position, entry, at, text);
  if (old === undefined) return; // unreadable from the first: known from the event alone
  if (old.links > 1 && (old.state & REMOVED) === 0) leaveGroup(tables, folder, old);
  const row = entry.type !== undefined && observesStat(entry)
    ? { ...newRow(folder.id, name, entry, at.position), content: contentAfter(old, entry) }
    : old;
  row.state = stateAfter(old.state, entry);
  row.position = at.position;
  if (entry.change === "reread") row.content.stored = Math.abs(row.content.stored);
  if (entry.change === "removed") row.content = contentOfRemoved(row.content);
  tables.putEntry(row);
  if (row.links > 1 && (row.state & REMOVED) === 0) joinGroup(tables, folder, row);
}

function observesStat(entry: ObservedEntry): boolean {
  return entry.change === "added" || entry.change === "changed" || entry.change === "unstable";
}

function newRow(
  folder: number,
  name: Uint8Array,
  entry: ObservedEntry,
  position: number,
): EntryRow {
  return {
    folder,
    name,
    stat: statOfObserved(entry),
    links: entry.links ?? 1,
    target: targetOfObserved(entry),
    attributes: attributesOfObserved(entry),
    state: entry.racy ? UNSETTLED : 0,
    position,
    content: NO_CONTENT,
  };
}

function checkPrev(
  actual: number | undefined,
  entry: ObservedEntry,
  at: Place,
  name: PathText,
): void {
  if (actual !== entry.prev) throw misplaced(at, name);
}

function store(
  tables: IndexTables,
  paths: FolderPaths,
  data: EventData["ObjectsStored"],
  position: number,
): void {
  for (const group of data.folders) {
    const path = textOfJson(group.path);
    const at: Place = { source: data.source, path, position };
    const folder = paths.find(data.source, path);
    if (folder === undefined) throw unknownFolder(at);
    for (const object of group.objects) storeOne(tables, folder, object, at);
    forgetDigests(tables, "content", folder.id);
  }
}

function storeOne(tables: IndexTables, folder: FolderRow, object: StoredEntry, at: Place): void {
  const text = textOfJson(object.name);
  const content: ContentRow = {
    stored: at.position,
    sha256: object.sha256 === undefined ? null : bytesOfHex(object.sha256),
    key: object.key ?? null,
    version: object.version ?? null,
    etag: object.etag,
  };
  const state = object.racy ? UNSETTLED : 0;
  if (object.type !== "folder") {
    const place = { prev: object.prev, position: at.position, state };
    const name = bytesOfText(text);
    if (tables.storeContent(folder.id, name, content, place)) return;
    const row = tables.findEntry(folder.id, name);
    const fits = row !== undefined && row.position === object.prev && (row.state & REMOVED) === 0;
    if (!fits) throw misplaced(at, text);
    // It was unreadable: that mark, unlike the content, is part of the tree digest.
    tables.putEntry({
      ...row,
      content,
      position: at.position,
      state: row.state & UNSTABLE | state,
    });
    forgetDigests(tables, "tree", folder.id);
    return;
  }
  const row = text === "" ? folder : tables.findFolder(folder.id, bytesOfText(text));
  if (row === undefined || row.position !== object.prev) throw misplaced(at, text);
  tables.putFolder({ ...row, content, position: at.position });
}

function joinGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  if (row.stat[0] !== FILE_CODE) return;
  tables.addLink(folder.fileSystem, fileIdOf(row.stat), folder.id, row.name);
  forgetGroup(tables, folder, row);
}

function leaveGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  if (row.stat[0] !== FILE_CODE) return;
  forgetGroup(tables, folder, row);
  tables.removeLink(folder.fileSystem, fileIdOf(row.stat), folder.id, row.name);
}

/** The folder is on another file system now, and so are the hard-link groups of its files. */
function moveGroups(tables: IndexTables, from: FolderRow, to: FolderRow): void {
  for (const entry of [...tables.entriesIn(to.id)]) {
    if (entry.links < 2 || (entry.state & REMOVED) !== 0) continue;
    leaveGroup(tables, from, entry);
    joinGroup(tables, to, entry);
  }
}

/** The first path of a group is part of each member's digest. */
function forgetGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  for (const member of tables.linkGroup(folder.fileSystem, fileIdOf(row.stat))) {
    forgetDigests(tables, "tree", member.folder);
  }
}

export function fileIdOf(stat: Uint8Array): bigint {
  return new DataView(stat.buffer, stat.byteOffset).getBigUint64(16, true);
}

/** A digest covers all below, so it is forgotten up to the root; where it is already, so above. */
function forgetDigests(tables: IndexTables, kind: "tree" | "content", folder: number): void {
  let id = folder;
  while (id !== 0 && tables.clearDigest(kind, id)) id = tables.folderById(id)?.parent ?? 0;
}
