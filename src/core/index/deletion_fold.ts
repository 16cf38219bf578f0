import type { DeletedObject, DeletionReason, EventData } from "../event/event.ts";
import { packOfIndexKey, packOfKey } from "../pack/pack_layout.ts";
import { textOfJson } from "../path_text.ts";
import { dropRename } from "./alias_release.ts";
import { entriesUnder, ownerOf } from "./key_claim.ts";
import type { MoveTables } from "./move_tables.ts";
import type { PackRow } from "./pack_rows.ts";
import { entryAt } from "./row_at.ts";
import { type EntryRow, isLive, NO_CONTENT } from "./rows.ts";

export function planDeletions(
  context: MoveTables,
  { why, objects, snapshots = [] }: EventData["DeletionPlanned"],
): void {
  for (const object of objects) planDeletion(context, why, object);
  for (const [position, entries] of snapshots) {
    context.tables.loseContent(position, position + 1, entries);
  }
}

/** From the intent on nothing is believed to be there: nobody may be told that it is gone. */
export function planDeletion(
  context: MoveTables,
  why: DeletionReason,
  object: DeletedObject,
  under: readonly EntryRow[] = entriesUnder(context, object.key),
): void {
  const { key, version = "" } = object;
  const { tables } = context;
  const pack = packNamedBy(tables, key);
  // The next prune asks anew what nothing needs: what this one has planned may be needed by then. Not
  // so of packs: what is in them is not found any more.
  if (why !== "pruned" || pack !== undefined) {
    tables.putDeletion({ key, version, why, object: JSON.stringify(object) });
  }
  if (pack?.key === key) tables.dropContents(pack.id);
  clear(context, object, under);
}

/** The pack that is under a key, or whose index is. */
function packNamedBy(tables: MoveTables["tables"], key: string): PackRow | undefined {
  const name = packOfKey(key) ?? packOfIndexKey(key);
  return name === undefined ? undefined : tables.packByName(name.pack);
}

/** What an entry has left under an old key is to be deleted, unless something else needs it. */
export function leaveKey(
  context: MoveTables,
  over: number | undefined,
  object: DeletedObject,
  isTarget: (key: string) => boolean,
): void {
  const { key, stored, since = stored, until } = object;
  if (isTarget(key)) return;
  if (until === undefined) leaveOccupant(context, key, stored);
  const under = entriesUnder(context, key);
  const isOverwritten = under.length > 0 && under.every(({ content }) => content.stored > stored);
  if (isOverwritten && until !== undefined && over !== since) {
    context.tables.loseContent(since, until);
  }
  if (under.length > 0) return;
  planDeletion(context, "renamed", object, under);
}

/** Objects that are gone: what a removed entry had there cannot serve again. */
export function deleteObjects(context: MoveTables, { objects }: EventData["ObjectDeleted"]): void {
  const { tables } = context;
  const hadStates = tables.hasObjectStates();
  for (const object of objects) {
    const { stored, since = stored, until } = object;
    const { key, version = "" } = object;
    tables.removeDeletion(key, version);
    if (hadStates) tables.forgetObjectState({ key, version });
    if (until !== undefined) tables.loseContent(since, until);
    const pack = packNamedBy(tables, object.key);
    if (pack?.key === object.key) tables.removePack(pack.id);
    if (object.version === undefined) clearOccupant(context, object.key);
    clear(context, object, entriesUnder(context, object.key));
  }
}

/**
 * What was copied from a key is not lost where that is overwritten: snapshots find it under the new
 * one. Not so where the path's entry itself may still come back to what is there.
 */
function leaveOccupant(context: MoveTables, key: string, stored: number): void {
  const { tables, keys } = context;
  const row = key.endsWith("/") ? undefined : ownerOf(context, key);
  if (row === undefined || "parent" in row || row.occupant !== stored) return;
  const { content } = row;
  if (keys.ofEntry({ ...row, content: { ...content, key: null, stored } }) !== key) return;
  const isThere = content.etag !== null && Math.abs(content.stored) === stored &&
    keys.ofEntry(row) === key;
  if (!isThere) tables.putEntry({ ...row, occupant: 0, occupantSince: 0 });
}

function clearOccupant(context: MoveTables, key: string): void {
  const row = key.endsWith("/") ? undefined : ownerOf(context, key);
  if (row === undefined || "parent" in row || row.occupant === 0) return;
  context.tables.putEntry({ ...row, occupant: 0, occupantSince: 0 });
}

function clear(
  context: MoveTables,
  object: DeletedObject,
  under: readonly EntryRow[],
): void {
  for (const row of under) clearRemoved(context, row, object.stored);
  if (object.path === undefined) return;
  const path = textOfJson(object.path);
  if (object.folder === true) clearFolder(context, object.source ?? "", path, object.stored);
  else clearEntry(context, object.source ?? "", path, object);
}

function clearEntry(
  context: MoveTables,
  source: string,
  path: string,
  { key, stored }: { key: string; stored: number },
): void {
  const row = entryAt(context, source, path);
  if (row !== undefined && context.keys.ofEntry(row) === key) clearRemoved(context, row, stored);
}

function clearRemoved(context: MoveTables, row: EntryRow, stored: number): void {
  if (isLive(row) || row.content.etag === null) return;
  if (Math.abs(row.content.stored) !== stored) return;
  context.tables.putEntry({ ...row, content: { ...NO_CONTENT, stored: -stored } });
  dropRename(context, row.folder, row.name);
}

function clearFolder(
  { tables, paths }: MoveTables,
  source: string,
  path: string,
  stored: number,
): void {
  const row = paths.find(source, path);
  if (row === undefined || isLive(row)) return;
  if (Math.abs(row.content.stored) !== stored) return;
  tables.putFolder({ ...row, content: { ...NO_CONTENT, stored: -stored } });
}
