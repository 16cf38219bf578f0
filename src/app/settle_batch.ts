import { contentKey } from "../core/mirror/object_key.ts";
import { FOUND_ARCHIVED, isArchived } from "../core/plan/rename_plan.ts";
import { copyAll } from "./copy_objects.ts";
import { noteFoundArchived } from "./found_archived.ts";
import { tagOf } from "./object_place.ts";
import { placedTask } from "./placed_task.ts";
import { aliasing, recordPlan } from "./rename_events.ts";
import { stillToDo, type WorkItem } from "./rename_work.ts";
import type { Settling } from "./settling.ts";
import type { StoreContext } from "./store_context.ts";
import { storeAgain } from "./store_entries.ts";
import { foundArchivedTest } from "./warm_renames.ts";

/**
 * Copies objects to their places, or sends them again; their intent is in the log. Returns how many
 * are there, or are aliases, since.
 */
export async function settleBatch(
  settling: Settling,
  batch: readonly WorkItem[],
): Promise<number> {
  const { context } = settling;
  const { copied, refused, archived, failed } = await shipped(
    settling,
    batch.filter(({ way }) => way === "copy"),
  );
  context.totals.copied += copied;
  leave(settling, failed);
  const found = await handleArchived(settling, archived);
  const uploads = [...batch.filter(({ way }) => way === "upload"), ...found.uploads];
  const unsent = await sendAgain(context, uploads);
  leave(settling, unsent);
  const aliased = found.aliased + handleRefused(settling, [...refused, ...found.refused]);
  return copied + uploads.length - unsent.length + aliased;
}

/** What is paid for is known in the repository before and after. */
async function shipped({ context, options: { ship } }: Settling, copies: readonly WorkItem[]) {
  const isPaid = copies.some(({ row }) => row.content.storageClass !== null);
  if (!isPaid) return await copyAll(context, copies);
  await ship();
  const result = await copyAll(context, copies).catch(async (error) => {
    // What stopped it is what is told.
    await ship().catch(() => {});
    throw error;
  });
  await ship();
  return result;
}

/** They are left for the next run. */
function leave({ left }: Settling, items: readonly WorkItem[]): void {
  for (const { row, folder } of items) {
    left.add(row);
    if (folder !== undefined) folder.isStuck = true;
  }
}

/** Returns how many became aliases. */
function handleRefused(settling: Settling, refused: readonly WorkItem[]): number {
  const { context, options: { mode } } = settling;
  if (mode === "auto") return aliasAll(context, refused, REFUSED);
  leave(settling, refused);
  return 0;
}

interface FoundArchived {
  /** To be sent again instead. */
  readonly uploads: readonly WorkItem[];
  readonly refused: readonly WorkItem[];
  readonly aliased: number;
}

/**
 * One that was thought to be warm waits until it is. Of one that nobody knew to be archived it is
 * decided as of the others.
 */
async function handleArchived(
  settling: Settling,
  items: readonly WorkItem[],
): Promise<FoundArchived> {
  const { context, options: { archived } } = settling;
  const isFound = foundArchivedTest(context.log.index);
  const isKnown = ({ row }: WorkItem) => isArchived(row.content.storageClass) || isFound(row);
  leave(settling, items.filter(isKnown));
  const { found, others: refused } = await noteFoundArchived(
    context,
    items.filter((item) => !isKnown(item)),
  );
  if (archived === "alias") {
    return { uploads: [], refused, aliased: aliasAll(context, found, ARCHIVED) };
  }
  const { sources } = context.options;
  const isSent = ({ rename }: WorkItem) => archived === "upload" && sources.has(rename.source);
  leave(settling, found.filter((item) => !isSent(item)));
  return { uploads: found.filter(isSent), refused, aliased: 0 };
}

interface Refusal {
  readonly file: string;
  readonly folder: string;
}

const REFUSED: Refusal = {
  file: "the store refused to copy it",
  folder: "the store refused to copy what is in it",
};
const ARCHIVED: Refusal = {
  file: FOUND_ARCHIVED,
  folder: "what is in it is archived, and must be restored before a copy",
};

/** A folder that one of them lies in becomes an alias as a whole, in the end. */
function aliasAll(context: StoreContext, items: readonly WorkItem[], why: Refusal): number {
  const aliases = aliasing(context);
  for (const { rename, folder } of items) {
    if (folder === undefined) aliases.add({ ...rename, why: why.file });
    else folder.refusal ??= why.folder;
  }
  aliases.flush();
  return items.length;
}

/** Returns those that could not be read as they were. */
async function sendAgain(
  context: StoreContext,
  items: readonly WorkItem[],
): Promise<readonly WorkItem[]> {
  if (items.length === 0) return [];
  await storeAgain(context, items.map(({ row }) => row));
  return items.filter(({ row }) => stillToDo(context, row) !== undefined);
}

/** Makes room in a circle: to a content key, from where it takes its place once that is free. */
export async function stepAside(settling: Settling, item: WorkItem): Promise<void> {
  const { context } = settling;
  const { row, rename } = item;
  const task = placedTask(context.log.index, { isFolder: false, row });
  const key = contentKey(context.log.genesis.log, row.position, tagOf(context, task));
  recordPlan(settling, [rename], []);
  const { copied } = await shipped(settling, [{ ...item, key }]);
  if (copied === 0) leave(settling, [item]);
}
