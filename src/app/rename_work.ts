import { type EntryRow, isLive } from "../core/index/rows.ts";
import { type RenameWay, wayOfObject } from "../core/plan/rename_plan.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { CopyItem } from "./copy_objects.ts";
import { liveBelow, type OpenRename, openRenames, type RenameOptions } from "./open_renames.ts";
import type { StoreContext } from "./store_context.ts";
import { foundArchivedTest } from "./warm_renames.ts";

export interface WarmOptions {
  /** Whether an archived object may and can be copied now. */
  readonly isWarm: (row: EntryRow) => boolean;
}

/** A moved folder, and how its objects stand. */
export interface MovingFolder {
  readonly rename: OpenRename;
  /** By the last look: something in it waits, or holds a key that another object needs. */
  isWaiting: boolean;
  isBlocked: boolean;
  /** What could not be done in this run is tried again by the next one. */
  isStuck: boolean;
  /** Why all of it becomes an alias. */
  refusal: string | undefined;
}

/** An object that can be copied, or sent again, as soon as nothing needs its new key. */
export interface WorkItem extends CopyItem {
  readonly way: "copy" | "upload";
  readonly rename: OpenRename;
  /** Where it has not moved by itself. */
  readonly folder?: MovingFolder;
}

export interface WorkOptions extends RenameOptions, WarmOptions {
  /** What was tried in this run, and is left for the next one. */
  readonly isLeft: (row: EntryRow) => boolean;
}

export function movingFolder(rename: OpenRename): MovingFolder {
  return {
    ...{ rename, isWaiting: false, isBlocked: false, isStuck: false, refusal: undefined },
  };
}

/**
 * Everything that can be done now, read again with each look: what was done does not come any more.
 * Those that moved by themselves come first. Of folders it notes what waits.
 */
export function* renameWork(
  context: StoreContext,
  folders: readonly MovingFolder[],
  options: WorkOptions,
): Generator<WorkItem> {
  const { index } = context.log;
  const wayNow = wayTest(context, options);
  for (const rename of openRenames(index, options, "files")) {
    const row = rename.entry!;
    if (rename.way === "alias" || row.content.stored <= 0 || options.isLeft(row)) continue;
    const way = wayNow(rename, row);
    if (way !== undefined) yield { row, way, rename };
  }
  for (const folder of folders) {
    folder.isWaiting = false;
    folder.isBlocked = false;
    yield* workBelow(context, folder, wayNow, options);
  }
}

function* workBelow(
  { log: { index } }: StoreContext,
  folder: MovingFolder,
  wayNow: ReturnType<typeof wayTest>,
  { isLeft }: WorkOptions,
): Generator<WorkItem> {
  const { rename } = folder;
  for (const item of liveBelow(index, rename.folder!.id)) {
    if (folder.refusal !== undefined) return;
    if (item.isFolder || item.row.stat[0] !== FILE_CODE) continue;
    const { row } = item;
    if (row.content.stored <= 0) {
      folder.isWaiting = true;
      continue;
    }
    if (index.keys.ofRow(row) === index.keys.ownOfRow(row)) continue;
    const way = wayNow(rename, row);
    if (way === undefined) folder.isWaiting = true;
    // One that has moved within the folder, too, has had its turn.
    else if (!isLeft(row) && !isMovedItself(index.tables, row)) yield { row, way, rename, folder };
  }
}

function isMovedItself(
  tables: StoreContext["log"]["index"]["tables"],
  { folder, name }: EntryRow,
): boolean {
  return tables.rename(folder, name)?.aliased === false;
}

/** What can be done with an object in this part of the run; undefined: it waits. */
function wayTest({ log, options: { sources } }: StoreContext, { isWarm }: WarmOptions) {
  const isFound = foundArchivedTest(log.index);
  return ({ way, source }: OpenRename, row: EntryRow): WorkItem["way"] | undefined => {
    const { storageClass } = row.content;
    const now: RenameWay = wayOfObject(way, { storageClass, isFoundArchived: isFound(row) });
    if (now === "warm-up") return isWarm(row) ? "copy" : undefined;
    if (now === "upload") return sources.has(source) ? now : undefined;
    return now === "copy" ? now : undefined;
  };
}

/** Folders, symlinks and the like in moved folders that are not under their own keys yet. */
export function* markersToMove(
  { log: { index } }: StoreContext,
  { rename }: MovingFolder,
): Generator<Unstored> {
  const { keys } = index;
  for (const item of liveBelow(index, rename.folder!.id)) {
    const { row } = item;
    if (!item.isFolder && item.row.stat[0] === FILE_CODE) continue;
    if (row.content.stored <= 0 || row.content.etag === null) continue;
    if (keys.ofRow(row) !== keys.ownOfRow(row)) yield item;
  }
}

/** The row as it is now, where there is still something to be done about it. */
export function stillToDo({ log: { index } }: StoreContext, row: EntryRow): EntryRow | undefined {
  const now = index.tables.findEntry(row.folder, row.name);
  if (!isLive(now) || now.content.stored <= 0) return undefined;
  return index.keys.ofRow(now) === index.keys.ownOfRow(now) ? undefined : now;
}
