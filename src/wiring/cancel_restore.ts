import { dirname } from "node:path";
import { cancelBatchWarmUps } from "../app/batch_cancel.ts";
import type { BatchFollowingDeps } from "../app/batch_following.ts";
import { inRun } from "../app/run.ts";
import type { RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import type { JobLog } from "../ports/event_log.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { openRestore } from "./known_restores.ts";
import { batchJobsOf } from "./open_batch_jobs.ts";
import { openForRestoring } from "./open_log.ts";
import { openRestoreStore } from "./restore_standing.ts";

/** `restores cancel`, under the restore lock. */
export async function cancelRestore(input: RunInput<unknown>, job: number): Promise<number> {
  const { output, globals } = input;
  const environment = systemEnvironment();
  const { log, close } = openForRestoring(input, environment);
  try {
    openRestore(log, job);
    const paid = paidFor(log, job);
    if (globals.dryRun) {
      output.text(`plan: cancel restore ${job}${paid}`);
      return EXIT.done;
    }
    const { store, shipper } = await openRestoreStore(input, environment, { log, isGuest: false });
    try {
      const start = { command: "restores cancel", config: configDigest(input.job), shipper };
      await inRun(log, environment, start, async (run) => {
        await cancelBatchJobs(input, { log, store, shipper, environment }, { run, job });
        const data = { job, reason: "a person has cancelled it" };
        log.append(run, [{ type: "RestoreCancelled", data }], { durable: true });
        return { result: undefined, outcome: EXIT.done, totals: {} };
      });
    } finally {
      store.close();
    }
    output.text(`restore ${job} is cancelled${paid}`);
    return EXIT.done;
  } finally {
    close();
  }
}

function paidFor(log: JobLog, job: number): string {
  const warming = log.index.restores.awaited(job)
    .filter(({ state }) => state === "warming" || state === "asked")
    .reduce((sum, { objects }) => sum + objects, 0);
  return warming === 0 ? "" : `; ${warming} objects are warming, and paid for`;
}

/** What AWS would go on asking for. */
async function cancelBatchJobs(
  { job: config, output, signal, stateFile }: RunInput<unknown>,
  deps: Pick<BatchFollowingDeps, "log" | "store" | "shipper" | "environment">,
  { run, job }: { readonly run: string; readonly job: number },
): Promise<void> {
  const batch = await batchJobsOf(config, deps.environment, { signal });
  const work = sqliteWorkTables(dirname(stateFile));
  try {
    await cancelBatchWarmUps({ ...deps, batch, work, signal, emit: output.signal }, run, job);
  } finally {
    batch?.close();
  }
}
