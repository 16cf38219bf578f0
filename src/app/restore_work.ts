import { isKind } from "../core/error.ts";
import type { RestoreFailure } from "../core/event/restore_events.ts";
import { jsonOfText, type PathText, splitPath, textOfBytes } from "../core/path_text.ts";
import { checkRestoreName } from "../core/restore_name.ts";
import type { SignalSink } from "../core/signal.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { RestoreQueue } from "../ports/work_tables.ts";
import { isColdRefusal } from "./cold_refusal.ts";
import type { Overwrite } from "./restore_conflict.ts";
import type { FileDeps } from "./restore_file.ts";
import type { RestoreItem } from "./restore_items.ts";
import type { linkGroups } from "./restore_links.ts";
import type { RestoreWaiting } from "./restore_waiting.ts";

/** What the parts of one restore share. */
export interface RestoreWork {
  readonly deps: FileDeps & {
    readonly log: JobLog;
    readonly emit: SignalSink;
    readonly windows: boolean;
  };
  /** The state that is restored. */
  readonly index: IndexModel;
  readonly overwrite: Overwrite;
  readonly run: string;
  readonly progress: Progress;
  readonly links: ReturnType<typeof linkGroups>;
  /** Folders that could not be made: nothing below them can be. */
  readonly skipped: Set<PathText>;
  /** Files whose content is in packs wait here until all others are done. Made when first asked for. */
  readonly queue: () => RestoreQueue;
  /** Files whose objects are archived, and not warm. */
  readonly waiting: RestoreWaiting;
  /** Number of the restore. */
  readonly job: number;
  /** An earlier process has begun it. */
  readonly isResumed: boolean;
}

export interface Progress {
  readonly total: { entries: number; bytes: number };
  done: number;
  entries: number;
  bytes: number;
  present: number;
  failed: number;
  damaged: boolean;
  batch: { entries: number; bytes: number; failed: RestoreFailure[] };
  readonly limits: Map<string, number>;
}

const BATCH = 1000;

/** Runs one step; a failure that is this entry's alone is listed, and the restore goes on. */
export async function attempt(
  work: RestoreWork,
  item: RestoreItem,
  step: () => Promise<void> | void,
): Promise<boolean> {
  try {
    checkName(work, item);
    await step();
    return true;
  } catch (error) {
    failed(work, item, error);
    return false;
  }
}

/** The same of a step that does not wait. */
export function attemptNow(work: RestoreWork, item: RestoreItem, step: () => void): void {
  try {
    checkName(work, item);
    step();
  } catch (error) {
    failed(work, item, error);
  }
}

/** The row's own name, not the last part of the path: a name that holds "/" has several. */
function checkName({ deps }: RestoreWork, { row, place }: RestoreItem): void {
  if (place !== "") checkRestoreName(textOfBytes(row.name), deps.windows);
}

function failed(work: RestoreWork, item: RestoreItem, error: unknown): void {
  if (!isKind(error, "entry", "damage")) throw error;
  if (item.kind === "entry") {
    // It was thought to be readable: a rule has archived it, or its restored copy has expired.
    if (isColdRefusal(error) && work.waiting.putBack(item)) return;
    work.waiting.remove(item);
  }
  if (error.kind === "damage") work.progress.damaged = true;
  if (item.kind === "folder") work.skipped.add(item.place);
  fail(work, item.place, error.message);
}

export function fail(work: RestoreWork, place: PathText, reason: string): void {
  const { progress, deps } = work;
  progress.failed++;
  progress.done++;
  progress.batch.failed.push({ path: jsonOfText(place), reason });
  deps.emit({ kind: "entry-error", path: place, reason });
  flushIfFull(work);
}

export function isBelowSkipped({ skipped }: RestoreWork, place: PathText): boolean {
  if (skipped.size === 0) return false;
  for (let path = splitPath(place).folder;; path = splitPath(path).folder) {
    if (skipped.has(path)) return true;
    if (path === "") return false;
  }
}

export function present(work: RestoreWork, item: RestoreItem): void {
  work.progress.present++;
  done(work, item, [], 0);
}

export function done(
  work: RestoreWork,
  item: RestoreItem,
  reasons: readonly string[],
  bytes?: number,
): void {
  const { progress, deps } = work;
  if (item.kind === "entry") work.waiting.remove(item);
  const size = item.kind === "entry" ? Number(unpackStat(item.row.stat).size) : 0;
  progress.done++;
  progress.entries++;
  progress.bytes += bytes ?? size;
  progress.batch.entries++;
  progress.batch.bytes += bytes ?? size;
  for (const reason of reasons) {
    progress.limits.set(reason, (progress.limits.get(reason) ?? 0) + 1);
  }
  const { done, total } = progress;
  deps.emit({
    ...{ kind: "restore", done, total: total.entries, bytes: progress.bytes },
    ...{ totalBytes: total.bytes, current: item.place },
  });
  flushIfFull(work);
}

function flushIfFull(work: RestoreWork): void {
  const { batch } = work.progress;
  if (batch.entries + batch.failed.length >= BATCH) flush(work);
}

/** Appends what was not told yet. */
export function flush({ progress, deps, run, job }: RestoreWork): void {
  const { entries, bytes, failed } = progress.batch;
  if (entries + failed.length === 0) return;
  const data = { entries: entries.toString(), bytes: bytes.toString(), failed, job };
  deps.log.append(run, [{ type: "EntriesRestored", data }]);
  progress.batch = { entries: 0, bytes: 0, failed: [] };
}
