import type { ManifestObject } from "../core/batch/manifest.ts";
import type { HoldfastError } from "../core/error.ts";
import type { JobLog } from "../ports/event_log.ts";
import { intendedObjects } from "./batch_answers.ts";
import { openBatchJobs } from "./batch_jobs_log.ts";
import { plannedWarmUp, type WarmUpBatch } from "./request_warm_ups.ts";
import { type BatchRunDeps, isRefusal, startBatchJob } from "./run_batch_job.ts";

/** Requests of one restore that AWS makes: `restore --via batch-operations`. */
export interface BatchWarmUps {
  /**
   * Until jobs were made, or where an earlier process has made some: what these do not ask for is asked
   * for one by one. Throws again what a job was refused for.
   */
  isUsable(): boolean;
  /** The intent; nothing is asked for yet. */
  plan(run: string, batch: WarmUpBatch): void;
  /** Makes a job for each tier, kind of class and way of naming objects. */
  carryOut(run: string): Promise<void>;
}

interface Group {
  readonly tier: "Bulk" | "Standard";
  readonly days: number | undefined;
  readonly intents: number[];
}

/** `job`: number of the restore. */
export function batchWarmUps(deps: BatchRunDeps, job: number): BatchWarmUps {
  const { log, shipper } = deps;
  const groups = new Map<string, Group>();
  let hasMade = openBatchJobs(log, "restore").some(({ planned }) => planned.job === job);
  let failure: HoldfastError | undefined;
  return {
    isUsable() {
      if (failure !== undefined) throw failure;
      return !hasMade;
    },
    plan(run, batch) {
      const { tier, days } = batch;
      if (tier === "Expedited") throw new Error("Batch Operations has no Expedited");
      const byNaming = Map.groupBy(batch.objects, ({ object }) => object.version !== "");
      for (const [versions, objects] of byNaming) {
        const name = `${tier} ${days} ${versions}`;
        const group = groups.get(name) ?? { tier, days, intents: [] };
        groups.set(name, group);
        const event = plannedWarmUp({ ...batch, objects });
        group.intents.push(log.append(run, [event], { durable: true }));
      }
    },
    async carryOut(run) {
      if (groups.size === 0) return;
      hasMade = true;
      await shipper.ship();
      try {
        for (const [name, { tier, days, intents }] of groups) {
          groups.delete(name);
          const restore = { kind: "restore" as const, tier, restore: { job, intents } };
          const more = days === undefined ? {} : { days };
          await startBatchJob(deps, run, objectsOf(log, intents), { ...restore, ...more });
        }
      } catch (error) {
        // Nobody asks for what is in none: the store says so.
        groups.clear();
        if (isRefusal(error)) failure = error;
        throw error;
      }
    },
  };
}

function* objectsOf(log: JobLog, intents: readonly number[]): Generator<ManifestObject> {
  for (const intent of intents) {
    for (const { key, version = "" } of intendedObjects(log, intent)) yield { key, version };
  }
}
