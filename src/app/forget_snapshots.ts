import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import type { SnapshotRow } from "../core/index/run_fold.ts";
import {
  applyKeepRules,
  type DatedSnapshot,
  forgetNamed,
  hasRules,
  type KeepDecision,
  type KeepRules,
} from "../core/plan/snapshot_policy.ts";
import type { ZoneOffset } from "../core/time_text.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";

/** Which snapshots to forget: those named, else those that no rule keeps. */
export interface ForgetWish {
  readonly named: readonly ("latest" | number)[];
  readonly rules: KeepRules;
  readonly zone: ZoneOffset;
  /** Milliseconds since 1970. */
  readonly timeOf: (row: SnapshotRow) => number;
}

export interface KeptSnapshot extends DatedSnapshot {
  readonly row: SnapshotRow;
}

export type ForgetDecision = KeepDecision<KeptSnapshot>;

/** Newest first. Throws kind "usage" where nothing says what to keep, or a name is none. */
export function planForget(
  log: JobLog,
  { named, rules, zone, timeOf }: ForgetWish,
): ForgetDecision[] {
  const snapshots = log.index.snapshots().filter(({ forgotten }) => forgotten === 0)
    .map((row) => ({ position: row.position, time: timeOf(row), row }));
  if (named.length > 0) {
    const newest = snapshots.at(-1)?.position;
    const positions = named.map((name) => name === "latest" ? newest ?? name : name);
    const unknown = positions.find((name) => !snapshots.some(({ position }) => position === name));
    if (unknown === undefined) return forgetNamed(snapshots, new Set(positions as number[]));
    throw new HoldfastError("usage", `there is no snapshot ${unknown}`, {
      hint: "`holdfast snapshots` lists them; with --all also those that were forgotten",
    });
  }
  if (hasRules(rules)) return applyKeepRules(snapshots, rules, zone);
  throw new HoldfastError("usage", "nothing says which snapshots to keep", {
    hint: "name snapshots to forget, or give rules: --keep-last 10, or keep_last in the job",
  });
}

export interface ForgetDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly shipper?: LogShipper;
  /** That the job's config encrypts for; none by default. */
  readonly recipients?: readonly string[];
}

/** Decides, and records it in one event. */
export async function forgetSnapshots(
  { log, store, environment, shipper, recipients }: ForgetDeps,
  wish: ForgetWish,
  config: string,
): Promise<ForgetDecision[]> {
  await readOwnRepository(store, log, recipients);
  const start = { command: "forget", config, ...(shipper === undefined ? {} : { shipper }) };
  return await inRun(log, environment, start, (run) => {
    // Not earlier: what another database of this log has appended is known only now.
    const decisions = planForget(log, wish);
    const snapshots = decisions.filter(({ keep }) => !keep)
      .map(({ snapshot: { position }, reasons }) => ({ position, reason: reasons.join("; ") }));
    if (snapshots.length > 0) {
      log.append(run, [{ type: "SnapshotForgotten", data: { snapshots } }], { durable: true });
    }
    const kept = decisions.length - snapshots.length;
    const totals = { forgotten: String(snapshots.length), kept: String(kept) };
    return Promise.resolve({ result: decisions, outcome: EXIT.done, totals });
  });
}
