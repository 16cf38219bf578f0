import { type HoldfastError, isKind } from "../core/error.ts";
import { joinPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { Unstored, UnstoredCursor } from "../ports/event_log.ts";
import { bufferPool } from "./buffer_pool.ts";
import { byteBudget } from "./byte_budget.ts";
import type { ScanContext } from "./scan_context.ts";
import type { StoreContext, StoreOptions, StoreTotals, Task } from "./store_context.ts";
import { storeFile } from "./store_file.ts";
import { storeMarker } from "./store_marker.ts";
import { storedBatch } from "./stored_batch.ts";

const PAGE = 1000;
/** What a small object costs in flight, so that many are under way but not all. */
const LEAST_WEIGHT = 2 * 1024 * 1024;

/** Stores everything that the index says is not stored, and reads again what was not settled. */
export async function storeEntries(
  scan: ScanContext,
  options: StoreOptions,
  before: number,
): Promise<StoreTotals> {
  const context: StoreContext = {
    ...scan,
    options,
    batch: storedBatch(scan.log, scan.run, () => scan.clock.now()),
    budget: byteBudget(options.partSize * options.workers),
    buffers: bufferPool(options.partSize),
    totals: { objects: 0, bytes: 0, equal: 0, unreadable: 0, refused: 0 },
    checkedClasses: new Set(["STANDARD"]),
  };
  const expected = scan.log.index.unreadTotals(before);
  const work = { done: 0, failure: undefined as unknown };
  const running = new Set<Promise<void>>();
  // Large files take memory part by part: what they hold while they wait for it is only a slot.
  const slots = byteBudget(options.workers);
  const cursor: { at: UnstoredCursor | undefined; number: number } = { at: undefined, number: 0 };
  for (;;) {
    const page = scan.log.index.unread(before, cursor.at, PAGE);
    if (page.length === 0) break;
    for (const item of page) {
      cursor.at = cursorOf(item);
      const task = taskOf(context, item, cursor.number++);
      if (task === undefined) continue;
      const weight = weightOf(task, options.partSize);
      const [budget, need] = weight === undefined ? [slots, 1] : [context.budget, weight];
      await budget.acquire(need);
      if (work.failure !== undefined || scan.signal.aborted) {
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
    }
    if (work.failure !== undefined || scan.signal.aborted) break;
  }
  await Promise.all(running);
  context.batch.flush();
  if (work.failure !== undefined) throw work.failure;
  scan.signal.throwIfAborted();
  return context.totals;
}

function cursorOf(item: Unstored): UnstoredCursor {
  return item.isFolder
    ? { folder: item.row.id, name: item.row.name, isFolder: true }
    : { folder: item.row.folder, name: item.row.name, isFolder: false };
}

/** Undefined where the entry's source is not open: it is not in this run, or was absent. */
function taskOf({ log, options }: StoreContext, item: Unstored, number: number): Task | undefined {
  const name = textOfBytes(item.row.name);
  const { source, path: folder } = log.index.paths.pathOf(
    item.isFolder ? item.row.parent : item.row.folder,
  );
  if (!options.sources.has(source)) return undefined;
  return { source, folder, name, path: joinPath(folder, name), number, item };
}

/** Bytes that a task holds in memory; undefined for a file that is sent in parts. */
function weightOf({ item }: Task, partSize: number): number | undefined {
  if (item.isFolder) return LEAST_WEIGHT;
  const size = Number(unpackStat(item.row.stat).size);
  return size > partSize ? undefined : Math.max(LEAST_WEIGHT, size);
}

function tell(
  { emit, totals }: StoreContext,
  done: number,
  expected: { entries: number; bytes: bigint },
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
    if (isKind(error, "entry")) noteUnreadable(context, task, error);
    else if (isKind(error, "refused") && !isAboutAll(error)) noteRefused(context, task, error);
    else throw error;
  }
}

/** Refusals that every object of the run would meet. */
const REFUSED_FOR_ALL = new Set([
  "InvalidStorageClass",
  "NotImplemented",
  "InvalidBucketName",
  "MethodNotAllowed",
  "KMS.NotFoundException",
]);

function isAboutAll(error: HoldfastError): boolean {
  return REFUSED_FOR_ALL.has(String(error.context.code ?? ""));
}

function noteUnreadable(context: StoreContext, task: Task, error: HoldfastError): void {
  // As the index has it now: a file may have been observed anew since the task began.
  const row = currentRow(context, task);
  context.totals.unreadable++;
  context.emit({ kind: "entry-error", path: task.path, reason: error.message });
  context.batch.observed(task.source, task.folder, {
    name: jsonOfText(task.name),
    change: "unreadable",
    type: typeAt(row.stat),
    reason: error.message,
    prev: row.position,
  });
}

function currentRow({ log }: StoreContext, { item }: Task) {
  if (item.isFolder) return item.row;
  return log.index.tables.findEntry(item.row.folder, item.row.name) ?? item.row;
}

function noteRefused(context: StoreContext, task: Task, error: HoldfastError): void {
  context.totals.refused++;
  context.emit({ kind: "entry-error", path: task.path, reason: error.message });
  context.batch.refused(task.source, task.path, error.message);
}
