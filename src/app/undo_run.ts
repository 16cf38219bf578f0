import { EXIT, type ExitCode } from "../core/exit_code.ts";
import type { RunRow } from "../core/index/run_fold.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import type { PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { copiedContent } from "./copied_content.ts";
import { refuseBeforeBase } from "./log_base.ts";
import { readOwnRepository } from "./read_repository.ts";
import { touchedRows } from "./replay_snapshots.ts";
import { inRun } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";
import { changedAfter, findRun, lastOf } from "./undo_find.ts";
import {
  type EntryUndo,
  noteClaim,
  removeEntry,
  type RevertedEntry,
  revertEntries,
} from "./undo_entries.ts";
import {
  moveFoldersBack,
  removeFolders,
  revertFolders,
  type TouchedFolder,
} from "./undo_folders.ts";
import { live, pathOfRow, sameRow, type UndoStates, undoStep } from "./undo_rows.ts";
import { undoWriter } from "./undo_writer.ts";

export interface UndoDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly replayer: Replayer;
  readonly work: WorkTables;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  readonly shipper?: LogShipper;
  /** That the job's config encrypts for; none by default. */
  readonly recipients?: readonly string[];
}

export interface UndoOptions {
  /** The first digits of a run's id, or "last". */
  readonly run: string;
  readonly config: string;
  /** Each entry as it is dealt with: for the plan of a dry run. */
  readonly told: (step: UndoTold, place: PathText) => void;
}

export type UndoTold = "revert" | "remove" | "lost" | "folder";

export interface UndoReport {
  readonly exitCode: ExitCode;
  /** The run that was undone, and the position to which its entries are back. */
  readonly run: RunRow;
  readonly to: number;
  readonly reverted: number;
  readonly removed: number;
  readonly folders: number;
  readonly lost: number;
  /** Positions of the snapshots that are forgotten. */
  readonly snapshots: readonly number[];
}

/**
 * Takes back what a backup has changed in the index; nothing in the store is changed. Repeated after
 * a crash it goes on. Throws kind "usage" where there is no such run, "guard" where a later one has
 * touched the same entries.
 */
export async function undoRun(deps: UndoDeps, options: UndoOptions): Promise<UndoReport> {
  const { log, store, environment, shipper } = deps;
  const repository = await readOwnRepository(store, log, deps.recipients);
  const inPacks = repository.layout === "pack";
  const start = {
    ...{ command: "undo", config: options.config },
    ...(shipper === undefined ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    const undone = findRun(log, options.run);
    const report = await undoFound({ ...deps, inPacks }, options, run, undone);
    const { reverted, removed, folders, lost } = report;
    const counts = Object.entries({ reverted, removed, folders, lost });
    const totals = Object.fromEntries(counts.map(([name, count]) => [name, `${count}`]));
    return { result: report, outcome: report.exitCode, totals };
  });
}

async function undoFound(
  deps: UndoDeps & { readonly inPacks: boolean },
  options: UndoOptions,
  run: string,
  undone: RunRow,
): Promise<UndoReport> {
  const { log, environment, signal, work } = deps;
  const breathe = breather(environment.clock, signal);
  const end = lastOf(log, undone);
  const copies = copiedContent({ log, from: undone.position, notes: work.notes, breathe });
  const claims = work.notes();
  const before = await replayTo(deps, undone.position - 1, breathe);
  const after = changedAfter(log, end) ? await replayTo(deps, end, breathe) : undefined;
  try {
    const counts = { revert: 0, remove: 0, lost: 0, folder: 0 };
    const told = (step: UndoTold, place: PathText) => {
      counts[step]++;
      options.told(step, place);
      if (step !== "lost") return;
      const reason = "lost: its content is no longer in the store; it stays as it is now";
      deps.emit({ kind: "entry-error", path: place, reason });
    };
    const states = { log, before: before.index, after: after?.index ?? log.index };
    const writer = undoWriter({ log, run, clock: environment.clock, inPacks: deps.inPacks });
    const undo: EntryUndo = {
      ...{ log, store: deps.store, before: before.index, copies, claims, writer, told },
    };
    const folders = await judge(states, undo, undone, breathe);
    deps.emit({ kind: "phase", name: "undo" });
    const snapshots = forgetSnapshots(log, run, undone);
    for (const { id } of folders) {
      told("folder", pathOfRow(log.index, log.index.tables.folderById(id)!).place);
    }
    moveFoldersBack(log, folders, writer, undone.position);
    revertFolders(log, folders, writer);
    await undoEntries(states, undo, undone, breathe);
    removeFolders(log, folders, writer);
    const { revert, remove, lost, folder } = counts;
    const to = undone.position - 1;
    log.append(run, [{
      type: "Undone",
      data: {
        ...{ run: undone.run, from: end, to },
        ...{ entries: `${revert + remove + folder}`, lost: `${lost}` },
      },
    }], { durable: true });
    return {
      ...{ run: undone, to, reverted: revert, removed: remove, folders: folder, lost, snapshots },
      exitCode: lost > 0 ? EXIT.entries : EXIT.done,
    };
  } finally {
    before.close();
    after?.close();
    copies.close();
    claims.close();
  }
}

async function replayTo(
  { log, replayer, emit }: UndoDeps,
  to: number,
  breathe: () => Promise<void> | undefined,
) {
  refuseBeforeBase(log, to);
  const replay = replayer.begin(log);
  try {
    emit({ kind: "phase", name: "replay" });
    for (const event of to === 0 ? [] : log.events({ to })) {
      replay.project(event);
      if (event.position % 256 === 0) emit({ kind: "replay", done: event.position, total: to });
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
    return replay;
  } catch (error) {
    replay.close();
    throw error;
  }
}

/** Looks at all that the run touched before anything is changed. */
async function judge(
  states: UndoStates,
  undo: EntryUndo,
  { position }: RunRow,
  breathe: () => Promise<void> | undefined,
): Promise<TouchedFolder[]> {
  const folders: TouchedFolder[] = [];
  for (const item of touchedRows(states.after, position)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const step = undoStep(states, item);
    if (step === "nothing") continue;
    if (item.isFolder) {
      const former = live(sameRow(states.before, item)) as FolderRow | undefined;
      if (former !== undefined || item.row.parent !== 0) folders.push({ id: item.row.id, former });
    } else if (step === "remove") noteClaim(undo, sameRow(states.log.index, item) as EntryRow);
  }
  return folders;
}

function forgetSnapshots(log: JobLog, run: string, undone: RunRow): number[] {
  const positions = log.index.snapshots()
    .filter((row) => row.run === undone.run && row.forgotten === 0)
    .map(({ position }) => position);
  if (positions.length === 0) return [];
  const snapshots = positions.map((position) => ({ position, reason: "undone" }));
  log.append(run, [{ type: "SnapshotForgotten", data: { snapshots } }]);
  return positions;
}

const PAGE = 1000;

/** All that is put back before anything is removed: what moved takes its content along. */
async function undoEntries(
  states: UndoStates,
  undo: EntryUndo,
  { position }: RunRow,
  breathe: () => Promise<void> | undefined,
): Promise<void> {
  let page: RevertedEntry[] = [];
  for (const item of touchedRows(states.after, position)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (item.isFolder || undoStep(states, item) !== "revert") continue;
    const former = sameRow(states.before, item) as EntryRow;
    if (page.push({ former, now: sameRow(states.log.index, item) as EntryRow }) < PAGE) continue;
    await revertEntries(undo, page);
    page = [];
  }
  await revertEntries(undo, page);
  undo.writer.flush();
  for (const item of touchedRows(states.after, position)) {
    if (item.isFolder || undoStep(states, item) !== "remove") continue;
    removeEntry(undo, sameRow(states.log.index, item) as EntryRow);
  }
  undo.writer.flush();
}
