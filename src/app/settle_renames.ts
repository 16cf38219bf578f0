import { aliasGuard } from "../core/index/alias_guard.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { CONTENT_FOLDER } from "../core/mirror/object_key.ts";
import { isArchived } from "../core/plan/rename_plan.ts";
import { rowName } from "./departed_files.ts";
import { moveMarker } from "./move_marker.ts";
import { type OpenRename, openRenames } from "./open_renames.ts";
import { aliasing, recordPlan, RENAME_BATCH } from "./rename_events.ts";
import {
  markersToMove,
  type MovingFolder,
  movingFolder,
  renameWork,
  stillToDo,
  type WorkItem,
} from "./rename_work.ts";
import { settleBatch, stepAside } from "./settle_batch.ts";
import { HELD, settleFolders } from "./settle_folders.ts";
import { type SettleOptions, type Settling, settling } from "./settling.ts";
import type { StoreContext } from "./store_context.ts";
import { foundArchivedTest } from "./warm_renames.ts";

/**
 * Brings the objects of moved entries where their paths are now, by server-side copies, or records
 * that they stay under their old keys (DESIGN section 3). Only content that was seen stored, or read
 * again, since the entry was observed is touched; the others wait. A copy whose key still holds
 * another moved entry's content comes after that one's. Archived objects are copied once they are
 * warm, or sent again from the source, where the job wants that (`archived_renames`).
 */
export async function settleRenames(context: StoreContext, options: SettleOptions): Promise<void> {
  if (!context.log.index.tables.hasRenames()) return;
  context.batch.flush();
  const all = settling(context, options, decide(context, options));
  for (const folder of all.folders) await moveMarkers(all, folder);
  await copyPasses(all);
  settleFolders(all);
}

/** Records what becomes an alias; returns the folders that do not. */
function decide(context: StoreContext, options: SettleOptions): MovingFolder[] {
  const folders: MovingFolder[] = [];
  const aliases = aliasing(context);
  for (const rename of openRenames(context.log.index, options)) {
    if (rename.entry !== undefined && rename.entry.content.stored <= 0) continue;
    if (rename.way === "alias") aliases.add(rename);
    else if (rename.folder !== undefined) folders.push(movingFolder(rename));
  }
  aliases.flush();
  return folders;
}

async function moveMarkers(settling: Settling, folder: MovingFolder): Promise<void> {
  const { context } = settling;
  for (const item of markersToMove(context, folder)) {
    recordPlan(settling, [], [folder]);
    await moveMarker(context, item);
  }
  // A moved folder may lie in another one.
  context.batch.flush();
}

/** What is ready is copied, which makes others ready. */
async function copyPasses(settling: Settling): Promise<void> {
  for (;;) {
    const { done, isBlocked, circle } = await onePass(settling);
    if (!isBlocked) return;
    if (done > 0) continue;
    if (circle === undefined) break;
    await stepAside(settling, circle);
  }
  if (settling.options.last) aliasBlocked(settling);
}

function aliasBlocked(settling: Settling): void {
  const aliases = aliasing(settling.context);
  for (const { rename, folder } of workOf(settling)) {
    if (folder === undefined) aliases.add({ ...rename, why: HELD });
    else folder.isBlocked = true;
  }
  aliases.flush();
}

interface Pass {
  /** Objects that are in their places, or are aliases, since. */
  readonly done: number;
  /** Something waits for the place of something else. */
  readonly isBlocked: boolean;
  /**
   * Of what waits for each other, a and b exchanged say, one that may step aside. Not so an archived
   * one: aside it would be cold.
   */
  readonly circle: WorkItem | undefined;
}

async function onePass(settling: Settling): Promise<Pass> {
  const { log: { index } } = settling.context;
  const isFound = foundArchivedTest(index);
  const batch = workBatch(settling);
  let circle: WorkItem | undefined;
  let isBlocked = false;
  for (const item of workOf(settling)) {
    const row = batch.has(item.row) ? undefined : stillToDo(settling.context, item.row);
    if (row === undefined) continue;
    if (batch.isFree(index.keys.ownOfRow(row))) {
      await batch.add({ ...item, row });
      continue;
    }
    isBlocked = true;
    if (item.folder !== undefined) item.folder.isBlocked = true;
    else if (!isArchived(row.content.storageClass) && !isFound(row) && !isAside(item.rename)) {
      circle ??= { ...item, row };
    }
  }
  return { done: await batch.finish(), isBlocked, circle };
}

/** Objects that are settled together. */
function workBatch(settling: Settling) {
  const { tables } = settling.context.log.index;
  const names = new Set<string>();
  let items: WorkItem[] = [];
  let done = 0;
  let isTarget = aliasGuard(tables);

  async function carryOut(): Promise<void> {
    if (items.length === 0) return;
    const files = items.flatMap(({ rename, folder }) => folder === undefined ? rename : []);
    recordPlan(settling, files, [...new Set(items.flatMap(({ folder }) => folder ?? []))]);
    done += await settleBatch(settling, items);
    items = [];
    names.clear();
    isTarget = aliasGuard(tables);
  }

  return {
    has: (row: EntryRow) => names.has(rowName(row)),
    isFree: (key: string) => !isTarget(key),
    async add(item: WorkItem): Promise<void> {
      names.add(rowName(item.row));
      if (items.push(item) >= RENAME_BATCH) await carryOut();
    },
    async finish(): Promise<number> {
      await carryOut();
      return done;
    },
  };
}

function workOf({ context, folders, options, left }: Settling): Generator<WorkItem> {
  return renameWork(context, folders, { ...options, isLeft: left.has });
}

/** A run that was cut off may have left it there. */
function isAside({ rename }: OpenRename): boolean {
  return rename.fromKey.startsWith(CONTENT_FOLDER);
}
