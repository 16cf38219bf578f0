import type { EventData, ObservedContent, ObservedEntry } from "../event/event.ts";
import { bytesOfHex } from "../hash.ts";
import { bytesOfText, type PathText, splitPath, textOfJson } from "../path_text.ts";
import { aliasGuard, prefixesAbove, rowBelow } from "./alias_guard.ts";
import { dropRename, NO_NAME, releaseAlias } from "./alias_release.ts";
import { leaveKey } from "./deletion_fold.ts";
import { disownBelow, disownEntry } from "./disown.ts";
import { forgetDigests, forgetGroupsBelow, moveGroups } from "./digest_fold.ts";
import { type EventPlace, misplaced } from "./misfit.ts";
import type { MoveTables } from "./move_tables.ts";
import { withoutOwnKey } from "./object_keys.ts";
import { statOfObserved } from "./observed_stat.ts";
import { entryAt } from "./row_at.ts";
import {
  type ContentRow,
  type EntryRow,
  type FolderRow,
  IN_PACKS,
  type IndexTables,
  NO_CONTENT,
  type RenameRow,
  UNSETTLED,
} from "./rows.ts";

/** The content of a row that was moved, linked or put back: where the event says that it is. */
export function contentOfMoved(
  { keys }: MoveTables,
  folder: number,
  name: Uint8Array,
  content: ObservedContent,
): ContentRow {
  const { stored, sha256: hash, key, version, etag, class: storageClass } = content;
  const sha256 = hash === undefined ? null : bytesOfHex(hash);
  if (key === undefined) return { ...NO_CONTENT, stored, sha256, etag: IN_PACKS };
  return withoutOwnKey(keys, folder, name, {
    stored,
    sha256,
    key,
    version: version ?? null,
    etag: etag ?? null,
    storageClass: storageClass ?? null,
    since: content.since ?? 0,
    header: content.header ?? 0,
  });
}

/**
 * After a row got its content from elsewhere: the key is an alias target from now on, and the path
 * that it came from has no claim on the object any more.
 */
export function noteMoved(
  context: MoveTables,
  row: EntryRow,
  entry: ObservedEntry,
  at: EventPlace,
): void {
  const { tables, keys } = context;
  const { folder, name } = row;
  const before = tables.rename(folder, name);
  if (before !== undefined) tables.removeRename(folder, name);
  const key = entry.content?.key;
  if (key !== undefined && key !== keys.ownOfEntry(folder, name)) {
    const { position } = at;
    tables.putRename({ folder, name, fromKey: key, position, aliased: false });
    tables.addAlias({ key, folder: 0, position });
    tables.removeDeletion(key, "");
  } else if (key !== undefined) {
    releaseAlias(tables, key);
    tables.removeDeletion(key, "");
    occupy(tables, row);
  }
  if (before !== undefined && before.fromKey !== key) releaseAlias(tables, before.fromKey);
  // Of a file that an undo puts back, too: where it had been moved to has no claim on it any more.
  if (entry.change !== "linked" && entry.from !== undefined) {
    leaveContent(context, at.source, textOfJson(entry.from), entry.content);
  }
}

/** Its content is under its own key, whatever stood there by what was known of the path before. */
function occupy(tables: IndexTables, row: EntryRow): void {
  const { stored, version, since } = row.content;
  if (version !== null) return;
  tables.putEntry({ ...row, occupant: Math.abs(stored), occupantSince: since });
}

function leaveContent(
  context: MoveTables,
  source: string,
  from: PathText,
  content: ObservedContent | undefined,
): void {
  if (content === undefined) return;
  const { tables, keys } = context;
  const row = entryAt(context, source, from);
  if (row === undefined || Math.abs(row.content.stored) !== Math.abs(content.stored)) return;
  if (content.key !== undefined && keys.ofEntry(row) !== content.key) return;
  tables.putEntry({
    ...row,
    content: { ...NO_CONTENT, stored: -Math.abs(row.content.stored) },
  });
  dropRename(context, row.folder, row.name);
  tables.listingChanged(row.folder);
  forgetDigests(tables, "content", row.folder);
}

/** A folder under another parent or name: one row, and the keys below it are alias targets. */
export function moveFolder(
  context: MoveTables,
  to: { parent: FolderRow; name: Uint8Array; fileSystem: string },
  entry: ObservedEntry,
  at: EventPlace,
): void {
  const { tables, paths } = context;
  const old = paths.find(at.source, textOfJson(entry.from!));
  const isFree = tables.findFolder(to.parent.id, to.name) === undefined;
  if (old === undefined || old.position !== entry.prev || !isFree) {
    throw misplaced(at, textOfJson(entry.name));
  }
  const { position, packs } = at;
  if (!packs) protectPrefixes(context, old, position);
  const fromKey = context.keys.ownOfFolder(old);
  placeFolder(context, old, { parent: to.parent.id, name: to.name }, position, {
    stat: statOfObserved(entry),
    attributes: entry.attributes === undefined ? null : JSON.stringify(entry.attributes),
    state: entry.racy ? UNSETTLED : 0,
    position,
    fileSystem: to.fileSystem,
  });
  if (packs) return;
  tables.putRename({ folder: old.id, name: NO_NAME, fromKey, position, aliased: false });
}

/**
 * The keys below a folder that is about to be moved: those of now, and those of before that an alias
 * protects, which will not lead there any more. They have its age, for the snapshots made since.
 */
function protectPrefixes(
  { tables, keys }: MoveTables,
  row: FolderRow,
  position: number,
): void {
  const { id: folder } = row;
  const now = keys.ownOfFolder(row);
  for (const key of keys.prefixesOf(folder)) {
    const since = Math.min(
      key === now ? position : Infinity,
      ...protectedSince(tables, folder, key),
    );
    if (since !== Infinity) tables.addAlias({ key, folder, position: since });
  }
}

function protectedSince(tables: IndexTables, folder: number, key: string): number[] {
  return [...prefixesAbove(key), key].flatMap((prefix) =>
    tables.aliasesOf(prefix).flatMap((alias) => {
      const found = alias.folder === 0 ? undefined : rowBelow(tables, alias.folder, prefix, key);
      return found !== undefined && "id" in found && found.id === folder ? [alias.position] : [];
    })
  );
}

function placeFolder(
  { tables, paths, keys }: MoveTables,
  old: FolderRow,
  place: { parent: number; name: Uint8Array },
  position: number,
  seen: Partial<FolderRow>,
): void {
  forgetDigests(tables, "tree", old.parent);
  if (old.parent !== 0) tables.listingChanged(old.parent);
  const moves = [...old.moves, { until: position, parent: old.parent, name: old.name }];
  const row: FolderRow = { ...old, ...seen, ...place, moves };
  tables.putFolder(row);
  tables.clearDigest("tree", old.id);
  if (place.parent !== 0) tables.listingChanged(place.parent);
  forgetDigests(tables, "tree", place.parent);
  paths.forget();
  keys.forget();
  if (row.fileSystem !== old.fileSystem) moveGroups(tables, old, row);
  forgetGroupsBelow(tables, row);
}

/** The root of a source under another name: a move like any other folder's. */
export function renameSource(
  context: MoveTables,
  { from, to, packs }: EventData["SourceRenamed"],
  position: number,
): void {
  const { tables, keys } = context;
  const old = tables.findFolder(0, bytesOfText(from));
  if (old === undefined) return;
  const at = { source: to, path: "", position };
  if (tables.findFolder(0, bytesOfText(to)) !== undefined) throw misplaced(at, to);
  if (!packs) protectPrefixes(context, old, position);
  const fromKey = keys.ownOfFolder(old);
  placeFolder(context, old, { parent: 0, name: bytesOfText(to) }, position, {});
  if (packs) return;
  tables.putRename({ folder: old.id, name: NO_NAME, fromKey, position, aliased: false });
}

/** What was decided about moved entries. */
export function aliasRenames(
  context: MoveTables,
  { source, renames }: EventData["RenameAliased"],
): void {
  for (const { path, folder } of renames) {
    const row = renameAt(context, source, textOfJson(path), folder === true);
    if (row !== undefined) context.tables.putRename({ ...row, aliased: true });
  }
}

export function settleRenames(
  context: MoveTables,
  { source, paths, obsolete, release }: EventData["RenameSettled"],
): void {
  const { tables } = context;
  for (const { path, folder } of paths) {
    const row = renameAt(context, source, textOfJson(path), folder === true);
    if (row === undefined) continue;
    tables.removeRename(row.folder, row.name);
    if (row.name.length > 0) settleEntry(context, row);
    else releasePrefixes(context, row.folder, release === true);
  }
  const isTarget = aliasGuard(tables);
  for (const object of obsolete) leaveKey(context, undefined, object, isTarget);
}

function settleEntry(context: MoveTables, { folder, name, fromKey }: RenameRow): void {
  const row = context.tables.findEntry(folder, name);
  if (row !== undefined) disownEntry(context, row);
  releaseAlias(context.tables, fromKey);
}

/** The aliases of a moved folder whose objects have all been copied since. */
function releasePrefixes(context: MoveTables, folder: number, release: boolean): void {
  const { tables, keys } = context;
  disownBelow(context, tables.folderById(folder)!);
  for (const key of keys.prefixesOf(folder)) {
    for (const alias of tables.aliasesOf(key)) {
      const isKept = !release && tables.isInSnapshot(alias.position);
      if (alias.folder !== folder || isKept) continue;
      tables.removeAlias(key, folder);
    }
  }
}

function renameAt(
  { tables, paths }: MoveTables,
  source: string,
  path: PathText,
  isFolder: boolean,
) {
  if (isFolder) {
    const row = paths.find(source, path);
    return row === undefined ? undefined : tables.rename(row.id, NO_NAME);
  }
  const { folder, name } = splitPath(path);
  const holder = paths.find(source, folder);
  return holder === undefined ? undefined : tables.rename(holder.id, bytesOfText(name));
}
