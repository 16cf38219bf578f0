import { HoldfastError, isKind } from "../core/error.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { RestoreQueue, WorkTables } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { byteBudget } from "./byte_budget.ts";
import { copiedContent } from "./copied_content.ts";
import { contentOpener } from "./open_content.ts";
import { packReader } from "./pack_reader.ts";
import { faultyPacks } from "./read_elsewhere.ts";
import { readRepositoryOf } from "./read_repository.ts";
import type { ReadState } from "./read_state.ts";
import { clearTheWay, type Overwrite } from "./restore_conflict.ts";
import { type FileDeps, type FileItem, restoreFile } from "./restore_file.ts";
import { type FolderItem, folderItem, restoreItems, type Selection } from "./restore_items.ts";
import { linkGroups } from "./restore_links.ts";
import { firstEncrypted, queuePacked, restorePacked } from "./restore_packed.ts";
import { hasContent, isLinked } from "./restore_present.ts";
import {
  attempt,
  done,
  fail,
  flush,
  isBelowSkipped,
  present,
  type Progress,
  type RestoreWork,
} from "./restore_work.ts";
import { inRun } from "./run.ts";
import { restoreShipper } from "./restore_shipper.ts";
import { isSealed, sealedObjects } from "./sealed_objects.ts";
import type { LogShipper } from "./ship_log.ts";
import { attributesOf } from "./stored_attributes.ts";

export interface RestoreDeps extends Omit<FileDeps, "copies" | "packs" | "opener" | "target"> {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly emit: SignalSink;
  readonly windows: boolean;
  readonly shipper: LogShipper;
  readonly work: WorkTables;
  /** Called once it is certain that something can be restored; closed at the end. */
  readonly openTarget: () => RestoreTarget;
  /** Where contents are today: whatever the state, they are found by their hashes. */
  readonly contents: PackModel;
  /** Asked when the first encrypted object is needed; undefined where nobody named an identity. */
  readonly identities: () => Promise<Opener | undefined>;
  /** That the job's config encrypts for; none by default. */
  readonly recipients?: readonly string[];
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
  /** What the target cannot keep of any entry. */
  readonly targetLimits: readonly string[];
}

/** Counts what a restore would write, and how much of it is in encrypted objects of the mirror. */
export function measureRestore(state: ReadState, selection: Selection) {
  let [entries, bytes, sealed] = [0, 0, 0];
  for (const item of restoreItems(state.index, selection)) {
    entries++;
    if (item.kind === "folder") continue;
    bytes += Number(unpackStat(item.row.stat).size);
    if (isSealed(item.row)) sealed++;
  }
  return { entries, bytes, sealed };
}

/**
 * Writes the selected entries of a state below the target's folder. Throws kind "key" before that
 * where their objects are encrypted and no identity opens them.
 */
export async function restore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreReport> {
  const { log, environment, store, hashing, identities, contents } = deps;
  const repository = await readRepositoryOf(store, log);
  const total = measureRestore(options.state, options.selection);
  checkSelected(options, total.entries);
  const breathe = breather(environment.clock, deps.signal);
  const packs = packReader({
    ...{ store, hashing, identities, packs: contents, breathe },
    replaced: faultyPacks(deps.emit),
  });
  const encrypted = firstEncrypted(contents, options.state.index, options.selection);
  if (encrypted !== undefined) await packs.prove(encrypted);
  const opener = contentOpener({ store, identities });
  if (total.sealed > 0) {
    await opener.prove(sealedObjects(options.state.index, options.selection));
  }
  const target = deps.openTarget();
  try {
    const shipper = restoreShipper(deps, repository);
    return await restoreInRun({ ...deps, packs, opener, target, shipper, breathe }, options, total);
  } finally {
    target.close();
  }
}

type OpenDeps = RestoreDeps & Omit<FileDeps, "copies"> & {
  readonly breathe: () => Promise<void> | undefined;
};

async function restoreInRun(
  deps: OpenDeps,
  options: RestoreOptions,
  total: Progress["total"],
): Promise<RestoreReport> {
  const { log, environment, breathe } = deps;
  const start = { command: "restore", config: options.config, shipper: deps.shipper };
  return await inRun(log, environment, start, async (run) => {
    const { position } = options.state;
    const planned = {
      ...{ to: jsonOfText(options.to), position, overwrite: options.overwrite },
      ...{ entries: total.entries.toString(), bytes: total.bytes.toString() },
    };
    log.append(run, [{ type: "RestorePlanned", data: planned }], { durable: true });
    const from = position + 1;
    const copies = copiedContent({ log, from, notes: deps.work.notes, breathe });
    const progress = await restoreAll({ ...deps, copies }, options, run, total)
      .finally(() => copies.close());
    const exitCode = exitCodeOf(progress);
    const { entries, bytes, present, failed, limits } = progress;
    const totals = {
      ...{ entries: entries.toString(), bytes: bytes.toString(), failed: failed.toString() },
    };
    const finished = { outcome: exitCode, ...totals };
    log.append(run, [{ type: "RestoreFinished", data: finished }]);
    const targetLimits = deps.target.limits;
    const result = { exitCode, entries, bytes, present, failed, limits, targetLimits };
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

async function restoreAll(
  deps: OpenDeps & FileDeps,
  options: RestoreOptions,
  run: string,
  total: Progress["total"],
): Promise<Progress> {
  const progress: Progress = {
    ...{ total, done: 0, entries: 0, bytes: 0, present: 0, failed: 0, damaged: false },
    ...{ batch: { entries: 0, bytes: 0, failed: [] }, limits: new Map() },
  };
  let queue: RestoreQueue | undefined;
  const work: RestoreWork = {
    ...{ deps, run, progress, index: options.state.index, overwrite: options.overwrite },
    ...{ links: linkGroups(), skipped: new Set() },
    queue: () => queue ??= deps.work.restores(),
  };
  try {
    const folders = await restoreInPlace(work, options);
    if (queue !== undefined) await restorePacked(work, queue);
    for (const { item, existing } of work.links.deferred()) {
      await attempt(work, item, () => restoreLink(work, item, existing));
    }
    for (const id of folders.reverse()) {
      const item = folderItem(work.index, id);
      await attempt(work, item, () => finishFolder(work, item));
    }
  } finally {
    queue?.close();
  }
  // Only what is on the disk is restored: before any event says so at the end.
  deps.target.flush();
  flush(work);
  return progress;
}

/** All but what waits for its pack or for the first of its links. Returns ids of the folders it made. */
async function restoreInPlace(work: RestoreWork, options: RestoreOptions): Promise<number[]> {
  const folders: number[] = [];
  const budget = byteBudget(options.workers);
  const running = new Set<Promise<void>>();
  const state = { failure: undefined as unknown };
  for (const item of restoreItems(work.index, options.selection)) {
    work.deps.signal.throwIfAborted();
    if (state.failure !== undefined) break;
    if (item.kind === "folder") {
      await attempt(work, item, () => restoreFolder(work, item)) && folders.push(item.row.id);
      continue;
    }
    if (isBelowSkipped(work, item.place)) {
      fail(work, item.place, "its folder could not be made");
      continue;
    }
    if (work.links.defer(item)) continue;
    await budget.acquire(FILE_WEIGHT);
    const task = attempt(work, item, () => restoreEntry(work, item, { later: true }))
      .then(() => {}, (error) => void (state.failure ??= error))
      .finally(() => {
        budget.release(FILE_WEIGHT);
        running.delete(task);
      });
    running.add(task);
  }
  await Promise.all(running);
  if (state.failure !== undefined) throw state.failure;
  return folders;
}

function restoreFolder(work: RestoreWork, item: FolderItem): void {
  if (isBelowSkipped(work, item.place)) {
    throw new HoldfastError("entry", "its folder could not be made");
  }
  const { target } = work.deps;
  if (item.place !== "") {
    clearTheWay(target, item, work.overwrite);
    target.makeFolder(item.place);
  }
  target.sweep(item.place);
}

function finishFolder(work: RestoreWork, item: FolderItem): void {
  const { row, place } = item;
  // The folder that holds a source of one file is nobody's entry.
  if (item.path === "" && work.index.tables.source(item.source)?.single) {
    return done(work, item, []);
  }
  const stat = unpackStat(row.stat);
  const reasons = work.deps.target.finishFolder(place, stat, attributesOf(row.attributes));
  done(work, item, reasons);
}

/** With `later`, a file whose content is in a pack waits until its turn comes in the pack. */
async function restoreEntry(
  work: RestoreWork,
  item: FileItem,
  { later }: { later: boolean },
): Promise<void> {
  const { target } = work.deps;
  const { overwrite } = work;
  const verdict = clearTheWay(target, item, overwrite);
  const isMember = work.links.isMember(item);
  if (verdict === "present" && (!isMember || await hasContent(work.deps, item, overwrite))) {
    if (isMember) work.links.written(item);
    return present(work, item);
  }
  const type = typeAt(item.row.stat);
  const stat = unpackStat(item.row.stat);
  const attributes = attributesOf(item.row.attributes);
  const replace = verdict !== "absent";
  if (type === "file") {
    if (later && queuePacked(work, item, { replace })) return;
    const reasons = await restoreFile(work.deps, item, { replace });
    work.links.written(item);
    return done(work, item, reasons);
  }
  if (replace) target.remove(item.place);
  const reasons = type === "symlink"
    ? target.makeSymlink(item.place, textOfBytes(item.row.target!), stat, attributes)
    : target.makeSpecial(item.place, stat, attributes);
  done(work, item, reasons);
}

async function restoreLink(
  work: RestoreWork,
  item: FileItem,
  existing: PathText | undefined,
): Promise<void> {
  if (existing === undefined) return await restoreEntry(work, item, { later: false });
  const { target } = work.deps;
  const { overwrite } = work;
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
