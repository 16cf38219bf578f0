import type { PathText } from "../core/path_text.ts";
import { type EntryRow, REMOVED, UNREADABLE } from "../core/index/rows.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { Unstored } from "../ports/event_log.ts";
import { bufferPool } from "./buffer_pool.ts";
import { byteBudget } from "./byte_budget.ts";
import { noteFailure } from "./entry_failure.ts";
import { leftUploads, placeText } from "./left_uploads.ts";
import type { ScanContext } from "./scan_context.ts";
import type { StoreContext, StoreOptions, Task } from "./store_context.ts";
import { placedTask } from "./placed_task.ts";
import { firstNames, linkOtherNames, type OtherNames } from "./link_names.ts";
import { storeFile } from "./store_file.ts";
import { storeMarker } from "./store_marker.ts";
import { storedBatch } from "./stored_batch.ts";
import { unreadRows } from "./unread_rows.ts";

/** How often it is looked whether the log should be shipped; at each file in parts, too. */
const SHIP_EVERY = 100;
/** Runs that are looked at for one that has adopted objects of others. */
const RECENT_RUNS = 100;
/** What a small object costs in flight, so that many are under way but not all. */
const LEAST_WEIGHT = 2 * 1024 * 1024;

export function storeContext(scan: ScanContext, options: StoreOptions): StoreContext {
  return {
    ...scan,
    ...{ options, gone: new Map(), goneSizes: new Set() },
    batch: storedBatch(scan.log, scan.run, () => scan.clock.now()),
    budget: byteBudget(options.partSize * options.workers),
    buffers: bufferPool(options.partSize),
    totals: {
      ...{ objects: 0, bytes: 0, equal: 0, unreadable: 0, refused: 0 },
      ...{ copied: 0, aliased: 0, deleted: 0, held: 0 },
    },
    left: leftUploads(scan.log),
    checkedClasses: new Set(["STANDARD"]),
    others: { found: scan.log.index.runs(RECENT_RUNS).some(({ command }) => command === "adopt") },
  };
}

/** Stores everything that the index says is not stored, and reads again what was not settled. */
export async function storeEntries(context: StoreContext, before: number): Promise<void> {
  const { index } = context.log;
  await storeItems(context, unreadRows(index, before), index.unreadTotals(before));
}

/** A file with several names once. */
export async function storeItems(
  context: StoreContext,
  items: Iterable<Unstored>,
  expected: { readonly entries: number; readonly bytes: bigint },
): Promise<void> {
  const others: OtherNames = [];
  await storeAll(context, firstNames(context.log.index, items, others), expected);
  if (others.length === 0) return;
  const left = linkOtherNames(context, others);
  await storeAll(context, left, { entries: left.length, bytes: 0n });
}

/**
 * First of all the files that were moved: only once it is known that their content is what it was
 * may the object be copied, and only then are the old keys free for what has their names now.
 */
export function storeMoved(context: StoreContext): Promise<void> {
  let [entries, bytes] = [0, 0n];
  for (const { row } of movedFiles(context)) {
    entries++;
    bytes += unpackStat(row.stat).size;
  }
  return storeAll(context, movedFiles(context), { entries, bytes });
}

function* movedFiles({ log: { index } }: StoreContext): Generator<Unstored> {
  for (const { folder, name } of index.renames("open")) {
    if (name.length === 0) continue;
    const row = index.tables.findEntry(folder, name);
    if (row === undefined || (row.state & (REMOVED | UNREADABLE)) !== 0) continue;
    if (row.content.stored <= 0) yield { isFolder: false, row };
  }
}

/** Sends files once more whose content is stored under the keys of old paths. */
export function storeAgain(context: StoreContext, rows: readonly EntryRow[]): Promise<void> {
  const bytes = rows.reduce((sum, { stat }) => sum + unpackStat(stat).size, 0n);
  const items = rows.map((row): Unstored => ({ isFolder: false, row }));
  return storeAll(context, items, { entries: rows.length, bytes, again: true });
}

interface Expected {
  readonly entries: number;
  readonly bytes: bigint;
  readonly again?: true;
}

async function storeAll(
  context: StoreContext,
  items: Iterable<Unstored>,
  expected: Expected,
): Promise<void> {
  const { options, signal } = context;
  const work = { done: 0, failure: undefined as unknown };
  let begun = 0;
  const running = new Set<Promise<void>>();
  // Large files take memory part by part: what they hold while they wait for it is only a slot.
  const slots = byteBudget(options.workers);
  for (const item of items) {
    const found = taskOf(context, item);
    if (found === undefined) continue;
    const task = expected.again ? { ...found, again: true as const } : found;
    const weight = weightOf(context, task);
    const [budget, need] = weight === undefined ? [slots, 1] : [context.budget, weight];
    await budget.acquire(need);
    if (work.failure !== undefined || signal.aborted) {
      budget.release(need);
      break;
    }
    const run = perform(context, task)
      .catch((error) => void (work.failure ??= error))
      .finally(() => {
        budget.release(need);
        running.delete(run);
        work.done++;
        tell(context, work.done, expected, task.path);
      });
    running.add(run);
    if (++begun % SHIP_EVERY === 0 || weight === undefined) await options.ship();
  }
  await Promise.all(running);
  context.batch.flush();
  if (work.failure !== undefined) throw work.failure;
  signal.throwIfAborted();
}

/** Undefined where the entry's source is not open: it is not in this run, or was absent. */
function taskOf({ log, options }: StoreContext, item: Unstored): Task | undefined {
  const task = placedTask(log.index, item);
  return options.sources.has(task.source) ? task : undefined;
}

/** Bytes that a task holds in memory; undefined for a file that is sent in parts. */
function weightOf({ options, left }: StoreContext, task: Task): number | undefined {
  const { item, source, path } = task;
  if (item.isFolder) return LEAST_WEIGHT;
  const goesOn = left.size > 0 &&
    left.get(placeText(source, path))?.observed === item.row.position;
  if (goesOn) return undefined;
  const size = Number(unpackStat(item.row.stat).size);
  if (size > options.partSize) return undefined;
  // The content, and the same once more as it is sent.
  const bodies = options.sealer === undefined ? 1 : 2;
  return Math.max(LEAST_WEIGHT, bodies * size);
}

function tell(
  { emit, totals }: StoreContext,
  done: number,
  expected: Expected,
  current: PathText,
): void {
  const { entries: total, bytes } = expected;
  emit({ kind: "upload", done, total, bytes: totals.bytes, totalBytes: Number(bytes), current });
}

async function perform(context: StoreContext, task: Task): Promise<void> {
  try {
    if (!task.item.isFolder && typeAt(task.item.row.stat) === "file") {
      await storeFile(context, task, task.item.row);
    } else {
      await storeMarker(context, task);
    }
  } catch (error) {
    noteFailure(context, task, error);
  }
}
