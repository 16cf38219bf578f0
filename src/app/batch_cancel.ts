import { hasEnded } from "../core/batch/job_state.ts";
import { closeBatchJob } from "./batch_answers.ts";
import { type BatchFollowingDeps, batchJobName } from "./batch_following.ts";
import { type OpenBatchJob, openBatchJobs } from "./batch_jobs_log.ts";
import { type BatchOutcomeDeps, noteBatchOutcome } from "./batch_outcome.ts";
import { findBatchJob, isRefusal, lookAtBatchJob, SHORTEST } from "./run_batch_job.ts";

/** For AWS to end what it works on. */
const CANCELLED_WITHIN = 120_000; // ms

/**
 * Of a restore that ends: what was not asked for yet will not be, and no job is made for it. One that
 * cannot be cancelled from here is left to AWS, and named.
 */
export async function cancelBatchWarmUps(
  { batch, ...deps }: BatchFollowingDeps,
  run: string,
  restore: number,
): Promise<void> {
  for (const open of openBatchJobs(deps.log, "restore")) {
    if (open.planned.job !== restore) continue;
    let why = "the job has no `batch_role` to cancel it with";
    try {
      if (batch !== undefined) {
        await cancel({ ...deps, batch }, run, open);
        continue;
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      why = error.message;
    }
    const text =
      `${batchJobName(open)} is left to AWS, which may go on asking, at a cost: ${why}; ` +
      "cancel it in the AWS console";
    deps.emit({ kind: "notice", text });
    await closeBatchJob(deps, run, open, { status: "left", answer: "unknown", reason: why });
  }
}

async function cancel(deps: BatchOutcomeDeps, run: string, open: OpenBatchJob): Promise<void> {
  const { batch, environment, signal } = deps;
  const made = await findBatchJob(deps, run, open);
  if (made === undefined) {
    return await closeBatchJob(deps, run, open, { status: "not made", answer: "not asked" });
  }
  await batch.cancel(made.id);
  const told = new Map<string, string>();
  for (let wait = SHORTEST, spent = 0;; spent += wait, wait *= 2) {
    const state = await lookAtBatchJob(deps, made, told);
    if (hasEnded(state)) return void await noteBatchOutcome(deps, run, made, state);
    if (spent >= CANCELLED_WITHIN) {
      const { status } = state;
      return await closeBatchJob(deps, run, made, { status, answer: "unknown" });
    }
    await environment.clock.sleep(wait, signal);
  }
}
