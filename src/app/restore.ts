import { HoldfastError, isKind } from "../core/error.ts";
import type { RestoreFailure } from "../core/event/event.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { jsonOfText, type PathText, splitPath, textOfBytes } from "../core/path_text.ts";
import { checkRestoreName } from "../core/restore_name.ts";
import { checkRepository } from "../core/repository_file.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { byteBudget } from "./byte_budget.ts";
import { copiedContent } from "./copied_content.ts";
import { readRepository } from "./read_repository.ts";
import type { ReadState } from "./read_state.ts";
import { clearTheWay, type Overwrite } from "./restore_conflict.ts";
import { type FileDeps, type FileItem, restoreFile } from "./restore_file.ts";
import { type RestoreItem, restoreItems, type Selection } from "./restore_items.ts";
import { linkGroups } from "./restore_links.ts";
import { hasContent, isLinked } from "./restore_present.ts";
import { inRun } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";
import { attributesOf } from "./stored_attributes.ts";

export interface RestoreDeps extends Omit<FileDeps, "copies"> {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly emit: SignalSink;
  readonly windows: boolean;
  readonly shipper: LogShipper;
  readonly work: WorkTables;
}

export interface RestoreOptions {
  readonly state: ReadState;
  readonly selection: Selection;
  /** For the log. */
  readonly to: PathText;
  readonly overwrite: Overwrite;
  readonly config: string;
  /** Files under way at once. */
  readonly workers: number;
}

export interface RestoreReport {
  readonly exitCode: ExitCode;
  readonly entries: number;
  readonly bytes: number;
  /** There already, and as wanted. */
  readonly present: number;
  readonly failed: number;
  /** What could not be kept, by reason. */
  readonly limits: ReadonlyMap<string, number>;
}

interface Progress {
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

/** Counts what a restore would write. */
export function measureRestore(state: ReadState, selection: Selection) {
  let [entries, bytes] = [0, 0];
  for (const item of restoreItems(state.index, selection)) {
    entries++;
    bytes += item.kind === "entry" ? Number(unpackStat(item.row.stat).size) : 0;
  }
  return { entries, bytes };
}

/** Writes the selected entries of a state below the target's folder. */
export async function restore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreReport> {
  const { log, environment } = deps;
  checkRepository(await readRepository(deps.store), log.genesis.repository, deps.store.url);
  const total = measureRestore(options.state, options.selection);
  checkSelected(options, total.entries);
  const start = { command: "restore", config: options.config, shipper: deps.shipper };
  return await inRun(log, environment, start, async (run) => {
    const { position } = options.state;
    const planned = {
      ...{ to: jsonOfText(options.to), position, overwrite: options.overwrite },
      ...{ entries: total.entries.toString(), bytes: total.bytes.toString() },
    };
    log.append(run, [{ type: "RestorePlanned", data: planned }], { durable: true });
    const copies = copiedContent({
      ...{ log, from: position + 1, notes: deps.work.notes },
      breathe: breather(environment.clock, deps.signal),
    });
    const progress = await restoreAll({ ...deps, copies }, options, run, total)
      .finally(() => copies.close());
    const exitCode = exitCodeOf(progress);
    const { entries, bytes, present, failed, limits } = progress;
    const totals = {
      ...{ entries: entries.toString(), bytes: bytes.toString(), failed: failed.toString() },
    };
    const finished = { outcome: exitCode, ...totals };
    log.append(run, [{ type: "RestoreFinished", data: finished }]);
    const result = { exitCode, entries, bytes, present, failed, limits };
    return { result, outcome: exitCode, totals };
  });
}

function checkSelected({ selection, state }: RestoreOptions, entries: number): void {
  if (entries > 0 || (selection.paths.length === 0 && selection.include === undefined)) return;
  throw new HoldfastError("usage", `nothing in ${state.label} matches what was asked for`, {
    hint: "`holdfast ls` prints the paths as they are to be written",
  });
}

function exitCodeOf(progress: Progress): ExitCode {
  const codes: ExitCode[] = [];
  if (progress.damaged) codes.push(EXIT.damage);
  if (progress.failed > 0) codes.push(EXIT.entries);
  return worstExitCode(codes);
}

/** What a file costs in flight, so that many small ones are under way but not all. */
const FILE_WEIGHT = 1;
const BATCH = 1000;

async function restoreAll(
  deps: CopyDeps,
  options: RestoreOptions,
  run: string,
  total: { entries: number; bytes: number },
): Promise<Progress> {
  const progress: Progress = {
    ...{ total, done: 0, entries: 0, bytes: 0, present: 0, failed: 0, damaged: false },
    ...{ batch: { entries: 0, bytes: 0, failed: [] }, limits: new Map() },
  };
  const work: Work = { deps, options, run, progress, links: linkGroups(), skipped: new Set() };
  const folders: Extract<RestoreItem, { kind: "folder" }>[] = [];
  const budget = byteBudget(options.workers);
  const running = new Set<Promise<void>>();
  const state = { failure: undefined as unknown };
  for (const item of restoreItems(options.state.index, options.selection)) {
    deps.signal.throwIfAborted();
    if (state.failure !== undefined) break;
    if (item.kind === "folder") {
      await attempt(work, item, () => restoreFolder(work, item)) && folders.push(item);
      continue;
    }
    if (isBelowSkipped(work, item.place)) {
      fail(work, item.place, "its folder could not be made");
      continue;
    }
    if (work.links.defer(item)) continue;
    await budget.acquire(FILE_WEIGHT);
    const task = attempt(work, item, () => restoreEntry(work, item))
      .then(() => {}, (error) => void (state.failure ??= error))
      .finally(() => {
        budget.release(FILE_WEIGHT);
        running.delete(task);
      });
    running.add(task);
  }
  await Promise.all(running);
  if (state.failure !== undefined) throw state.failure;
  for (const { item, existing } of work.links.deferred()) {
    await attempt(work, item, () => restoreLink(work, item, existing));
  }
  for (const item of folders.reverse()) await attempt(work, item, () => finishFolder(work, item));
  // Only what is on the disk is restored: before any event says so at the end.
  deps.target.flush();
  flush(work);
  return progress;
}

type CopyDeps = RestoreDeps & FileDeps;

interface Work {
  readonly deps: CopyDeps;
  readonly options: RestoreOptions;
  readonly run: string;
  readonly progress: Progress;
  readonly links: ReturnType<typeof linkGroups>;
  /** Folders that could not be made: nothing below them can be. */
  readonly skipped: Set<PathText>;
}

/** Runs one step; a failure that is this entry's alone is listed, and the restore goes on. */
async function attempt(
  work: Work,
  item: RestoreItem,
  step: () => Promise<void> | void,
): Promise<boolean> {
  try {
    // The row's own name, not the last part of the path: a name that holds "/" has several.
    const name = textOfBytes(item.row.name);
    if (item.place !== "") checkRestoreName(name, work.deps.windows);
    await step();
    return true;
  } catch (error) {
    if (!isKind(error, "entry", "damage")) throw error;
    if (error.kind === "damage") work.progress.damaged = true;
    if (item.kind === "folder") work.skipped.add(item.place);
    fail(work, item.place, error.message);
    return false;
  }
}

function fail(work: Work, place: PathText, reason: string): void {
  const { progress, deps } = work;
  progress.failed++;
  progress.done++;
  progress.batch.failed.push({ path: jsonOfText(place), reason });
  deps.emit({ kind: "entry-error", path: place, reason });
  flushIfFull(work);
}

function isBelowSkipped({ skipped }: Work, place: PathText): boolean {
  if (skipped.size === 0) return false;
  for (let path = splitPath(place).folder;; path = splitPath(path).folder) {
    if (skipped.has(path)) return true;
    if (path === "") return false;
  }
}

function restoreFolder(work: Work, item: Extract<RestoreItem, { kind: "folder" }>): void {
  if (isBelowSkipped(work, item.place)) {
    throw new HoldfastError("entry", "its folder could not be made");
  }
  const { target } = work.deps;
  if (item.place !== "") {
    clearTheWay(target, item, work.options.overwrite);
    target.makeFolder(item.place);
  }
  target.sweep(item.place);
}

function finishFolder(work: Work, item: Extract<RestoreItem, { kind: "folder" }>): void {
  const { row, place } = item;
  // The folder that holds a source of one file is nobody's entry.
  if (item.path === "" && work.options.state.index.tables.source(item.source)?.single) {
    return done(work, item, []);
  }
  const stat = unpackStat(row.stat);
  const reasons = work.deps.target.finishFolder(place, stat, attributesOf(row.attributes));
  done(work, item, reasons);
}

async function restoreEntry(work: Work, item: FileItem): Promise<void> {
  const { target } = work.deps;
  const { overwrite } = work.options;
  const verdict = clearTheWay(target, item, overwrite);
  const isMember = work.links.isMember(item);
  if (verdict === "present" && (!isMember || await hasContent(work.deps, item, overwrite))) {
    if (isMember) work.links.written(item);
    return present(work, item);
  }
  const type = typeAt(item.row.stat);
  const stat = unpackStat(item.row.stat);
  const attributes = attributesOf(item.row.attributes);
  if (type === "file") {
    const reasons = await restoreFile(work.deps, item, { replace: verdict !== "absent" });
    work.links.written(item);
    return done(work, item, reasons);
  }
  if (verdict !== "absent") target.remove(item.place);
  const reasons = type === "symlink"
    ? target.makeSymlink(item.place, textOfBytes(item.row.target!), stat, attributes)
    : target.makeSpecial(item.place, stat, attributes);
  done(work, item, reasons);
}

async function restoreLink(
  work: Work,
  item: FileItem,
  existing: PathText | undefined,
): Promise<void> {
  if (existing === undefined) return await restoreEntry(work, item);
  const { target } = work.deps;
  const { overwrite } = work.options;
  const verdict = clearTheWay(target, item, overwrite);
  if (verdict === "present") {
    const isThere = isLinked(work.deps, item.place, existing) ||
      await hasContent(work.deps, item, overwrite);
    if (isThere) return present(work, item);
  }
  if (verdict !== "absent") target.remove(item.place);
  try {
    target.makeLink(item.place, existing);
  } catch (error) {
    // Another file system, or one without hard links: a copy is the next best.
    if (!isKind(error, "entry")) throw error;
    return done(work, item, await restoreFile(work.deps, item, { replace: false }));
  }
  done(work, item, [], 0);
}

function present(work: Work, item: RestoreItem): void {
  work.progress.present++;
  done(work, item, [], 0);
}

function done(work: Work, item: RestoreItem, reasons: readonly string[], bytes?: number): void {
  const { progress, deps } = work;
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

function flushIfFull(work: Work): void {
  const { batch } = work.progress;
  if (batch.entries + batch.failed.length >= BATCH) flush(work);
}

function flush({ progress, deps, run }: Work): void {
  const { entries, bytes, failed } = progress.batch;
  if (entries + failed.length === 0) return;
  const data = { entries: entries.toString(), bytes: bytes.toString(), failed };
  deps.log.append(run, [{ type: "EntriesRestored", data }]);
  progress.batch = { entries: 0, bytes: 0, failed: [] };
}
