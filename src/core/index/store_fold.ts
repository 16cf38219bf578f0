import type { DeletedObject, EventData, LoggedEvent, StoredEntry } from "../event/event.ts";
import { pathOfKey } from "../mirror/object_key.ts";
import { bytesOfHex } from "../hash.ts";
import { bytesOfText, joinPath, jsonOfText, type PathText, textOfJson } from "../path_text.ts";
import { forgetDigests } from "./digest_fold.ts";
import { type EventPlace, misplaced, unknownFolder } from "./misfit.ts";
import { aliasGuard } from "./alias_guard.ts";
import { leaveKey } from "./deletion_fold.ts";
import { dropRename, keepRename, releaseCopied } from "./alias_release.ts";
import type { MoveTables } from "./move_tables.ts";
import {
  type ContentRow,
  type FolderRow,
  type IndexTables,
  isLive,
  UNSETTLED,
  UNSTABLE,
} from "./rows.ts";

/** Content that is in the store now, uploaded or copied there. */
export function storeObjects(
  context: MoveTables,
  { type, data, position }: LoggedEvent<"ObjectsStored" | "ObjectCopied">,
): void {
  const { tables, paths } = context;
  const hadRenames = tables.hasRenames();
  const hadDeletions = tables.hasDeletions();
  const hadStates = tables.hasObjectStates();
  for (const group of data.folders) {
    const path = textOfJson(group.path);
    const at: EventPlace = { source: data.source, path, position };
    const folder = paths.find(data.source, path);
    if (folder === undefined) throw unknownFolder(at);
    for (const object of group.objects) {
      const since = firstStored(type, object);
      storeOne(tables, folder, { object, storageClass: data.class, since }, at);
      if (hadRenames && object.type !== "folder") {
        const name = bytesOfText(textOfJson(object.name));
        const isAside = type === "ObjectCopied" && object.key !== undefined;
        if (isAside) keepRename(context, folder.id, name, object.key!);
        else dropRename(context, folder.id, name);
      }
      if (object.release && object.from !== undefined) releaseCopied(tables, object.from);
      if (hadDeletions) overwriteDeleted(tables, keyOf(context, folder, object), object.over);
      if (hadStates && object.version === undefined) {
        tables.forgetObjectState({ key: keyOf(context, folder, object), version: "" });
      }
    }
    forgetDigests(tables, "content", folder.id);
  }
  leaveOldKeys(context, data);
}

/** 0 where it is stored for the first time. */
function firstStored(type: "ObjectsStored" | "ObjectCopied", object: StoredEntry): number {
  if (object.type === "folder") return 0;
  return object.since ?? (type === "ObjectCopied" ? object.was ?? 0 : 0);
}

/** What was to be deleted is gone by being overwritten: lost to the snapshots that had it. */
function overwriteDeleted(tables: IndexTables, key: string, over: number | undefined): void {
  const row = tables.deletion(key, "");
  if (row === undefined) return;
  tables.removeDeletion(key, "");
  const { stored, since = stored, until }: DeletedObject = JSON.parse(row.object);
  if (until !== undefined && over !== since) tables.loseContent(since, until);
}

/** Once all of the event is stored: one entry's old key may be the new one of another. */
function leaveOldKeys(
  context: MoveTables,
  { source, folders }: EventData["ObjectsStored" | "ObjectCopied"],
): void {
  const isTarget = aliasGuard(context.tables);
  let overs: Map<PathText, number> | undefined;
  for (const { path: folder, objects } of folders) {
    for (const { name, type, from, was, wasSince, until } of objects) {
      if (from === undefined || was === undefined) continue;
      overs ??= oversOf(source, folders);
      leaveKey(context, overs.get(pathOfKey(from)), {
        ...{ source, key: from, stored: was },
        path: jsonOfText(joinPath(textOfJson(folder), textOfJson(name))),
        ...(type === "folder" ? { folder: true as const } : {}),
        ...(wasSince === undefined ? {} : { since: wasSince }),
        ...(until === undefined ? {} : { until }),
      }, isTarget);
    }
  }
}

/** What the event says to have been overwritten under its entries' own keys, by their places. */
function oversOf(
  source: string,
  folders: EventData["ObjectCopied"]["folders"],
): Map<PathText, number> {
  const overs = new Map<PathText, number>();
  for (const { path, objects } of folders) {
    for (const { name, over, key: given } of objects) {
      if (over === undefined || given !== undefined) continue;
      const place = joinPath(source, joinPath(textOfJson(path), textOfJson(name)));
      if (!overs.has(place)) overs.set(place, over);
    }
  }
  return overs;
}

/** A key that holds content again is not to be deleted any more. */
function keyOf({ keys }: MoveTables, folder: FolderRow, object: StoredEntry): string {
  if (object.key !== undefined) return object.key;
  const name = textOfJson(object.name);
  const isRoot = name === "" && object.type === "folder";
  const own = isRoot ? keys.ownOfFolder(folder) : keys.ownOfEntry(folder.id, bytesOfText(name));
  return object.type === "folder" && !isRoot ? `${own}/` : own;
}

function storeOne(
  tables: IndexTables,
  folder: FolderRow,
  { object, storageClass, since }: { object: StoredEntry; storageClass: string; since: number },
  at: EventPlace,
): void {
  const text = textOfJson(object.name);
  const content: ContentRow = {
    stored: at.position,
    sha256: object.sha256 === undefined ? null : bytesOfHex(object.sha256),
    key: object.key ?? null,
    version: object.version ?? null,
    etag: object.etag,
    storageClass: storageClass === "STANDARD" ? null : storageClass,
    since,
    header: object.header ?? 0,
  };
  if (object.over !== undefined) tables.loseContent(object.over, object.prev);
  const state = object.racy ? UNSETTLED : 0;
  if (object.type !== "folder") {
    const place = { prev: object.prev, position: at.position, state };
    const name = bytesOfText(text);
    if (tables.storeContent(folder.id, name, content, place)) return;
    const row = tables.findEntry(folder.id, name);
    const fits = row !== undefined && row.position === object.prev && isLive(row);
    if (!fits) throw misplaced(at, text);
    // It was unreadable: that mark, unlike the content, is part of the tree digest.
    tables.putEntry({
      ...row,
      content,
      occupant: content.key === null ? at.position : row.occupant,
      occupantSince: content.key === null ? since : row.occupantSince,
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

export function verifyObjects(
  { tables, paths }: MoveTables,
  { source, folders, packs = [] }: EventData["ObjectVerified"],
  position: number,
): void {
  for (const pack of packs) {
    const row = tables.packByName(pack);
    if (row !== undefined) tables.regainContents(row.id);
  }
  for (const { path, names } of folders) {
    const folder = paths.find(source, textOfJson(path));
    if (folder === undefined) continue;
    for (const name of names) {
      tables.setChecked(folder.id, bytesOfText(textOfJson(name)), position);
    }
  }
}
