import { HoldfastError } from "../core/error.ts";
import { BATCH_ENTRIES } from "../core/event/event.ts";
import { EXIT, type ExitCode } from "../core/exit_code.ts";
import { type HeldSpace, heldTotals } from "../core/lock/held_space.ts";
import { planPrune, type PrunePlan } from "../core/plan/prune_plan.ts";
import { checkLayout } from "../core/repository_file.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { mayBeLocked, noteHeld } from "./held_by_locks.ts";
import { deleteTargets } from "./prune_delete.ts";
import type { PruneTables } from "./prune_items.ts";
import { fillLedger } from "./prune_ledger.ts";
import { noteSpareSidecars, pruneTargets, spareObjects } from "./prune_sidecars.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import { type LogShipper, noShipping } from "./ship_log.ts";

export interface PruneDeps {
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
  /** The job locks what it stores. */
  readonly isLocking?: boolean;
}

export interface PruneOptions {
  readonly config: string;
  /** Shows the plan, and asks; nothing is deleted where it says no. */
  readonly accept: (plan: PrunePlan) => Promise<boolean>;
}

export interface PruneReport {
  readonly exitCode: ExitCode;
  readonly plan: PrunePlan;
  readonly accepted: boolean;
  readonly deleted: number;
  readonly bytes: number;
  readonly failed: number;
  /** Keys that are no alias targets any more. */
  readonly released: number;
  /** What nothing needs, and locks keep. */
  readonly held: HeldSpace | undefined;
  /** Objects that nothing needs, and that cannot be told from others under their keys. */
  readonly left: number;
}

/** Deletes the objects and versions of this log that no kept snapshot and no current entry needs. */
export async function prune(deps: PruneDeps, options: PruneOptions): Promise<PruneReport> {
  const { log, store, environment, shipper } = deps;
  checkLayout(await readOwnRepository(store, log, deps.recipients), "mirror", store.url);
  const start = {
    ...{ command: "prune", config: options.config },
    ...(shipper === undefined ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    checkSnapshots(log);
    const ledger = deps.work.ledger();
    const listing = deps.work.listing();
    const spareSidecars = deps.work.notes();
    const held = deps.work.notes();
    try {
      const tables = { log, store, ledger, listing, spareSidecars, held };
      const report = await pruneBy(deps, options, run, tables);
      const { deleted, bytes, failed, released } = report;
      const counts = Object.entries({ deleted, bytes, failed, released });
      const totals = {
        ...Object.fromEntries(counts.map(([name, count]) => [name, `${count}`])),
        ...heldTotals(report.held),
      };
      return { result: report, outcome: report.exitCode, totals };
    } finally {
      ledger.close();
      listing.close();
      spareSidecars.close();
      held.close();
    }
  });
}

function checkSnapshots({ index }: JobLog): void {
  if (index.snapshots().some(({ forgotten }) => forgotten === 0)) return;
  throw new HoldfastError("usage", "no snapshot is kept, so nothing says what is needed", {
    hint: "run a backup first: its snapshot is what prune keeps",
  });
}

async function pruneBy(
  deps: PruneDeps,
  { accept }: PruneOptions,
  run: string,
  tables: PruneTables,
): Promise<PruneReport> {
  const { log, environment, emit, signal } = deps;
  const breathe = breather(environment.clock, signal);
  await fillLedger({ ...deps, breathe }, tables.ledger);
  emit({ kind: "phase", name: "list" });
  for await (const page of deps.store.list("")) {
    tables.listing.add(page);
    signal.throwIfAborted();
  }
  await noteSpareSidecars(tables);
  const now = Number(environment.clock.now() / 1_000_000n);
  const held = mayBeLocked(deps, deps.isLocking ?? false)
    ? await noteHeld(tables, spareObjects(tables), now)
    : undefined;
  const plan = { ...planPrune(pruneTargets(tables), now), held };
  const accepted = await accept(plan);
  const nothing = { deleted: 0, bytes: 0, failed: 0 };
  const { shipper = noShipping } = deps;
  const context = { ...deps, run, shipper };
  const done = accepted ? await deleteTargets(context, tables, plan) : nothing;
  const released = accepted ? releaseAliases(log, run, tables) : 0;
  const { versions } = deps.store.features;
  return {
    ...{ ...done, plan, accepted, released, held },
    left: versions.works ? tables.ledger.unversioned() : 0,
    exitCode: done.failed > 0 ? EXIT.entries : EXIT.done,
  };
}

/** Keys and prefixes under which nothing is that a kept snapshot or an entry needs. */
function releaseAliases(log: JobLog, run: string, { ledger }: PruneTables): number {
  const { tables } = log.index;
  const rows = Map.groupBy(log.index.aliases(), ({ key }) => key);
  const keys = [...rows].filter(([key, aliases]) =>
    !tables.isRenamedFrom(key) && !ledger.isNeeded(key) &&
    aliases.every(({ folder, position }) =>
      (folder === 0 || !ledger.isNeededBelow(key)) && !tables.isInSnapshot(position)
    )
  ).map(([key]) => key);
  for (let at = 0; at < keys.length; at += BATCH_ENTRIES) {
    const data = { keys: keys.slice(at, at + BATCH_ENTRIES) };
    log.append(run, [{ type: "AliasesReleased", data }]);
  }
  return keys.length;
}
