import type { EventData } from "../core/event/event.ts";
import type { RunRow, SnapshotRow, UploadRow } from "../core/index/run_fold.ts";
import { heldOfTotals, type HeldSpace } from "../core/lock/held_space.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { JobLog, LogBase, LogHead, Totals } from "../ports/event_log.ts";
import { lookableSince } from "./log_base.ts";
import { firstUnshipped } from "./segment_state.ts";
import { lockPasses, lockSetting } from "./known_locks.ts";
import { probesOf } from "./store_probes.ts";
import { firstUnsettled, type UnsettledRename } from "./unsettled_renames.ts";

/** Where a job stands, as its database says: nothing is asked of the store. */
export interface JobStatus {
  /** 32 hex digits. */
  readonly repository: string;
  /** 32 hex digits. */
  readonly log: string;
  readonly head: LogHead;
  readonly totals: Totals;
  readonly unstored: Totals;
  readonly unreadable: number;
  readonly uploads: readonly UploadRow[];
  /** The newest run of each command, newest first. */
  readonly lastRuns: readonly RunRow[];
  /** Runs without an end: at work now, or cut off and not yet found by the next one. */
  readonly openRuns: readonly RunRow[];
  /** Runs that were cut off, among the last RECENT_RUNS; newest first. */
  readonly interrupted: readonly RunRow[];
  readonly snapshots: number;
  readonly newest: SnapshotRow | undefined;
  /** The newest good one: without gaps, and all of it is in the store. */
  readonly newestWhole: SnapshotRow | undefined;
  readonly renames: RenameCounts;
  /** Where the log on this machine begins; undefined where all of it is here. */
  readonly base: LogBase | undefined;
  /** Events that are not in the repository yet. */
  readonly unshipped: number;
  /** Sources whose last scan a guard refused. */
  readonly refused: readonly RefusedScan[];
  readonly locks: LockStatus;
  /** What the store was last found to do; undefined where it was never probed. */
  readonly probed: ProbedStore | undefined;
}

export interface RenameCounts {
  /** Moved entries and folders whose content is still to be copied to its own key. */
  readonly unsettled: number;
  /** Those whose content stays under its former key. */
  readonly aliased: number;
  /** The first of both. */
  readonly named: readonly UnsettledRename[];
}

/** What the log knows of Object Lock. */
export interface LockStatus {
  /** What is stored is locked so; undefined where it is not. */
  readonly setting: LockSetting | undefined;
  /** What is needed and was stored before the last whole pass is locked until then at least. */
  readonly extended: number | undefined;
  /** What the last prune had to leave. */
  readonly held: HeldSpace | undefined;
}

export interface RefusedScan {
  readonly at: string;
  readonly position: number;
  readonly data: EventData["ScanRefused"];
}

export interface ProbedStore {
  readonly at: string;
  readonly url: string;
  /** Reasons by feature. */
  readonly lacking: Readonly<Record<string, string>>;
}

export const RECENT_RUNS = 100;
/** Renames that are named one by one. */
const NAMED_RENAMES = 5;

export function jobStatus(log: JobLog): JobStatus {
  const { index, genesis } = log;
  const snapshots = index.snapshots().filter(({ forgotten }) => forgotten === 0);
  return {
    repository: genesis.repository,
    log: genesis.log,
    head: log.head(),
    totals: index.totals(),
    unstored: index.unstoredTotals(),
    unreadable: index.unreadable(),
    uploads: index.uploads(),
    lastRuns: index.lastRuns(),
    openRuns: index.openRuns(),
    interrupted: index.runs(RECENT_RUNS).filter((run) => run.interrupted),
    snapshots: snapshots.length,
    newest: snapshots.at(-1),
    newestWhole: snapshots.findLast((row) =>
      row.gaps + row.lost === 0 && row.position >= lookableSince(log)
    ),
    renames: renameCounts(log),
    base: log.base,
    unshipped: unshippedEvents(log),
    refused: refusedScans(log),
    locks: lockStatus(log),
    probed: lastProbe(log),
  };
}

function lockStatus(log: JobLog): LockStatus {
  const { whole } = lockPasses(log);
  return {
    setting: lockSetting(log),
    extended: whole === undefined ? undefined : timeOfIso(whole.until),
    held: heldByLastPrune(log),
  };
}

function heldByLastPrune(log: JobLog): HeldSpace | undefined {
  const last = log.index.lastRuns().find(({ command }) => command === "prune");
  if (last === undefined) return undefined;
  for (const event of log.events({ type: "RunFinished", run: last.run, from: last.position })) {
    if (event.type === "RunFinished") return heldOfTotals(event.data.totals);
  }
  return undefined;
}

function renameCounts({ index }: JobLog): RenameCounts {
  const { open: unsettled, aliased } = index.renameCounts();
  return { unsettled, aliased, named: firstUnsettled(index, NAMED_RENAMES) };
}

/** The LogSegmentShipped behind the last segment opens the next one, and is nothing to ship by itself. */
function unshippedEvents(log: JobLog): number {
  const from = firstUnshipped(log);
  const count = log.head().position - from + 1;
  if (count <= 0) return 0;
  const [first] = log.events({ from, to: from });
  return first?.type === "LogSegmentShipped" ? count - 1 : count;
}

function refusedScans(log: JobLog): RefusedScan[] {
  const found: RefusedScan[] = [];
  for (const { refused: position } of log.index.sources()) {
    if (position === 0) continue;
    for (const event of log.events({ from: position, to: position })) {
      if (event.type === "ScanRefused") found.push({ at: event.at, position, data: event.data });
    }
  }
  return found;
}

function lastProbe(log: JobLog): ProbedStore | undefined {
  let last: ProbedStore | undefined;
  for (const event of probesOf(log)) {
    const { url, features } = event.data;
    const lacking = Object.entries(features).filter(([, text]) => text !== "yes");
    last = { at: event.at, url, lacking: Object.fromEntries(lacking) };
  }
  return last;
}
