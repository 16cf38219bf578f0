import { HoldfastError } from "../core/error.ts";
import type { SignalSink } from "../core/signal.ts";
import { isoTime } from "../core/time_text.ts";
import type { LogCutter } from "../ports/checkpoint.ts";
import type { Clock } from "../ports/environment.ts";
import type { JobLog, LogBase } from "../ports/event_log.ts";
import type { PastWriter } from "../ports/past_events.ts";
import { checkpointsOf } from "./checkpoint_due.ts";
import { fetchPast } from "./fetch_past.ts";
import { hasKeptBefore } from "./log_base.ts";
import { loadCheckpoint, type LoadDeps } from "./read_checkpoint.ts";
import { isOpen } from "./same_restore.ts";

export interface CutDeps extends LoadDeps {
  readonly log: JobLog;
  readonly emit: SignalSink;
  readonly clock: Clock;
  readonly cutter: LogCutter;
  /** The job locks what it stores: whoever extends locks looks at every kept snapshot. */
  readonly isLocking: boolean;
}

/** Where a log can be cut. */
export interface CutPlan {
  /** Of the checkpoint. */
  readonly key: string;
  readonly position: number;
  /** Last position that is not on this machine already; 0 for none. */
  readonly after: number;
}

/**
 * The newest checkpoint of a state at or before a time (ms since 1970; none: whatever its age), and of
 * before all that is not finished. A sentence where there is nothing to drop. Throws kind "usage" where
 * no checkpoint was ever made, "guard" where it is what is not finished that is in the way.
 */
export function planCut(
  log: JobLog,
  version: number,
  before: number | undefined,
): CutPlan | string {
  const after = log.base?.position ?? 0;
  const limit = before === undefined ? Infinity : log.lastPositionAt(before);
  const made = checkpointsOf(log).filter((one) => one.projections === version);
  const later = made.filter(({ position }) => position > after);
  const work = openWork(log);
  const found = later.filter(({ position }) => position <= limit && position < work).at(-1);
  if (found !== undefined) return { key: found.key, position: found.position, after };
  if (later.some(({ position }) => position <= limit)) throw underWay(work);
  if (later.length > 0) {
    return `the checkpoint at position ${later[0].position} is younger than that`;
  }
  if (log.base?.cut !== undefined) {
    return `the log was cut at its last checkpoint, ${after}, already`;
  }
  throw new HoldfastError("usage", "there is no checkpoint to cut the log at", {
    hint: "`holdfast log checkpoint` sends one",
  });
}

/** Position of the first thing that is not finished, and whose events say how far it is. */
function openWork({ index }: JobLog): number {
  return Math.min(
    ...index.packs.open().map(({ id }) => id),
    ...index.uploads().map(({ position }) => position),
    ...index.restores.jobs().filter(isOpen).map(({ position }) => position),
  );
}

function underWay(position: number): HoldfastError {
  return new HoldfastError(
    "guard",
    `what began at position ${position} is not finished, and needs the events since then`,
    {
      context: { position },
      hint:
        "finish it first: `holdfast status` names open uploads, `holdfast restores` open restores; " +
        "a backup goes on with packs",
    },
  );
}

/**
 * Drops the events up to a checkpoint from this machine's database, once the repository was found to
 * have each of them and the checkpoint too: they are read back and compared by their hashes. Returns
 * how many were dropped. Killed, it has dropped all of them or none. Throws kind "damage" where the
 * repository lacks something, "key" where it cannot be opened here, "guard" where kept snapshots need
 * the history; then nothing was dropped.
 */
export async function cutLog(deps: CutDeps, plan: CutPlan): Promise<number> {
  const { log, cutter, clock } = deps;
  const { position } = plan;
  const hash = log.hashAt(position);
  if (hash === undefined) {
    throw new HoldfastError("damage", `event ${position} is missing`, { context: { position } });
  }
  await fetchPast(log, { ...deps, past: NOTHING }, { to: { position, hash }, from: "base" });
  const state = await loadCheckpoint(deps, plan.key, log.logs()[0].genesis);
  state.close();
  const base = checkedBase(plan, hash, state.base);
  if (deps.isLocking && hasKeptBefore(log, base)) throw lockedBefore(position);
  const at = isoTime(Number(clock.now() / 1_000_000n));
  return cutter.cut({ base, state: state.file, at });
}

/** Reading them is enough: what the repository does not have throws. */
const NOTHING: PastWriter = { add() {} };

function checkedBase({ key }: CutPlan, hash: string, base: LogBase | undefined): LogBase {
  if (base?.hash === hash) return base;
  throw new HoldfastError("damage", `the checkpoint ${key} is not of this log`, {
    context: { key },
  });
}

function lockedBefore(position: number): HoldfastError {
  return new HoldfastError(
    "guard",
    `kept snapshots are from before position ${position}, and the job locks what they need`,
    {
      context: { position },
      hint:
        "each time locks are extended their states are needed: `holdfast forget` what is not, or " +
        "leave the log whole",
    },
  );
}
