import { NO_NAME } from "../core/index/alias_release.ts";
import { type EntryRow, isLive, type RenameRow } from "../core/index/rows.ts";
import { isArchived } from "../core/plan/rename_plan.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { liveBelow } from "./open_renames.ts";
import { foundArchivedTest } from "./warm_renames.ts";

/** A moved entry whose content is still under the key of an old path. */
export interface UnsettledRename {
  /** "[source/]path". */
  readonly place: PathText;
  readonly isFolder: boolean;
  /** The object's key; of a folder the prefix of the keys below it, ending in "/". */
  readonly from: string;
  /** It was decided that it stays so. */
  readonly aliased: boolean;
}

/** The first of them: those that are still to be settled; then those that stay aliases. */
export function firstUnsettled(index: IndexModel, limit: number): UnsettledRename[] {
  return index.firstRenames(limit).flatMap((rename) => unsettled(index, rename) ?? []);
}

/** All of them, one at a time. */
export function* unsettledRenames(index: IndexModel): Generator<UnsettledRename> {
  for (const rename of index.renames("all")) {
    const found = unsettled(index, rename);
    if (found !== undefined) yield found;
  }
}

function unsettled(index: IndexModel, rename: RenameRow): UnsettledRename | undefined {
  const { folder, name, fromKey: from, aliased } = rename;
  const isFolder = name.length === 0;
  if (!isThere(index, rename)) return undefined;
  const { source, path } = index.paths.pathOf(folder);
  const place = joinPath(source, isFolder ? path : joinPath(path, textOfBytes(name)));
  return { place, isFolder, from, aliased };
}

function isThere({ tables }: IndexModel, { folder, name }: RenameRow): boolean {
  return isLive(name.length === 0 ? tables.folderById(folder) : tables.findEntry(folder, name));
}

/** An archived object that is not under the key of its entry's path. */
export interface LeftArchived {
  readonly from: string;
  readonly to: string;
}

/** One each, also where moved folders lie in others. */
export function* leftArchived(index: IndexModel): Generator<LeftArchived> {
  const isFound = foundArchivedTest(index);
  for (const rename of index.renames("all")) {
    const isFolder = rename.name.length === 0;
    if (!isThere(index, rename) || isBelowMoved(index, rename.folder, isFolder)) continue;
    for (const row of filesOf(index, rename)) {
      const { stored, storageClass } = row.content;
      if (stored <= 0 || !(isArchived(storageClass) || isFound(row))) continue;
      const [from, to] = [index.keys.ofRow(row), index.keys.ownOfRow(row)];
      if (from !== to) yield { from, to };
    }
  }
}

/** Whether another moved folder has it: one above, or that of an entry. */
function isBelowMoved({ tables }: IndexModel, folder: number, isFolder: boolean): boolean {
  let row = tables.folderById(folder);
  if (isFolder) row = tables.folderById(row!.parent);
  for (; row !== undefined; row = tables.folderById(row.parent)) {
    if (tables.rename(row.id, NO_NAME) !== undefined) return true;
  }
  return false;
}

function* filesOf(index: IndexModel, { folder, name }: RenameRow): Generator<EntryRow> {
  if (name.length > 0) yield index.tables.findEntry(folder, name)!;
  else {
    for (const { isFolder, row } of liveBelow(index, folder)) if (!isFolder) yield row;
  }
}
