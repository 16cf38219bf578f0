import { type BatchJobState, hasEnded, isAccepted } from "../core/batch/job_state.ts";
import type { ObjectId } from "../core/index/restore_rows.ts";
import type { Warmth } from "../core/cold/warmth.ts";
import { HoldfastError } from "../core/error.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { WaitingFiles } from "../ports/waiting_files.ts";
import { batchIntents, isHeld } from "./batch_intents.ts";
import { type OpenBatchJob, openBatchJobs } from "./batch_jobs_log.ts";
import { type BatchOutcomeDeps, noteBatchOutcome } from "./batch_outcome.ts";
import { isRefusal, LONGEST, lookAtBatchJob, makeBatchJob, SHORTEST } from "./run_batch_job.ts";

export interface BatchFollowingDeps extends Omit<BatchOutcomeDeps, "batch"> {
  /** undefined: the config has no S3 Batch Operations (any more). */
  readonly batch: BatchJobs | undefined;
}

/** The open Batch jobs that a restore waits for: its own, and others' that ask for what it needs. */
export interface BatchFollowing {
  /**
   * Marks what an open job is to ask for as warming, though the store calls it cold: nobody else asks
   * for it. Throws kind "usage" where there is such, and no way to hear of the job.
   */
  hold(files: WaitingFiles, states: readonly Warmth[]): void;
  /** What is marked so, and no job is to ask for any more, is to be looked at anew. */
  release(files: WaitingFiles): void;
  /** Asks once how far the jobs are. True where one has ended. */
  follow(run: string): Promise<boolean>;
  /** The same until AWS has accepted them, or for some minutes. */
  accept(run: string): Promise<boolean>;
  /** Milliseconds until they are to be looked at again; undefined where there is none. */
  delay(): number | undefined;
  /** A job cannot be followed, and nothing is warming but what it is to ask for. */
  isStuck(files: WaitingFiles): boolean;
  /** Why one cannot be followed. */
  readonly failure: HoldfastError | undefined;
  /** Why one of this restore's could ask for nothing at all. */
  readonly refusal: HoldfastError | undefined;
}

/** AWS reads the manifest and takes on the role meanwhile. */
const ACCEPTED_WITHIN = 600_000; // ms

/** `job`: number of the restore. */
export function batchFollowing(
  { batch, ...rest }: BatchFollowingDeps,
  job: number,
): BatchFollowing {
  const { log, emit, environment, signal } = rest;
  /** Intents of what this restore waits for. */
  const waited = new Set<number>();
  const states = new Map<number, BatchJobState>();
  const told = new Map<string, string>();
  const lost = new Map<number, HoldfastError>();
  let wait = SHORTEST;
  let refusal: HoldfastError | undefined;

  function openJobs(): OpenBatchJob[] {
    return openBatchJobs(log, "restore").filter(({ planned: { job: restore, intents = [] } }) =>
      restore === job || intents.some((intent) => waited.has(intent))
    );
  }

  function lostOnes(): HoldfastError[] {
    return openJobs().flatMap(({ intent }) => lost.get(intent) ?? []);
  }

  async function lookAt(deps: BatchOutcomeDeps, run: string, open: OpenBatchJob): Promise<boolean> {
    const made = await makeBatchJob(deps, run, open);
    const state = await lookAtBatchJob(deps, made, told);
    states.set(open.intent, state);
    lost.delete(open.intent);
    if (!hasEnded(state)) return false;
    const { failed, reason } = await noteBatchOutcome(deps, run, made, state);
    if (failed > 0) tellFailed(made.id, failed, reason);
    const isOwn = open.planned.job === job;
    if (isOwn && failed >= open.planned.objects) refusal = nothingAsked(made.id, reason);
    return true;
  }

  function tellFailed(id: string, failed: number, reason: string): void {
    const text = `Batch job ${id} could not ask for ${failed} objects (${reason})`;
    emit({ kind: "notice", text });
  }

  async function follow(run: string): Promise<boolean> {
    let isAny = false;
    if (batch === undefined) return isAny;
    for (const open of openJobs()) {
      try {
        if (await lookAt({ ...rest, batch }, run, open)) isAny = true;
      } catch (error) {
        // What is readable, and what others are asked for, is restored all the same.
        if (!isRefusal(error)) throw error;
        const text = `${batchJobName(open)} cannot be followed: ${error.message}`;
        if (!lost.has(open.intent)) emit({ kind: "notice", text });
        lost.set(open.intent, error);
      }
    }
    wait = Math.min(LONGEST, wait * 2);
    return isAny;
  }

  return {
    hold(files, warmths) {
      const intents = batchIntents(log);
      if (intents.size === 0) return;
      for (const object of files.objects(warmths)) {
        const row = log.index.restores.warmUp(object);
        if (!isHeld(row, intents)) continue;
        if (batch === undefined) throw noBatch(log, row!.asked, object);
        files.setWarmth(object, "warming");
        waited.add(row!.asked);
      }
    },
    release(files) {
      const intents = batchIntents(log);
      for (const object of files.objects(["warming"])) {
        const row = log.index.restores.warmUp(object);
        const isOpen = row === undefined || row.state === "asked";
        if (isOpen && !isHeld(row, intents)) files.setWarmth(object, "unknown");
      }
    },
    follow,
    async accept(run) {
      const isNew = ({ intent }: OpenBatchJob) =>
        !lost.has(intent) && (!states.has(intent) || !isAccepted(states.get(intent)!));
      let isAny = false;
      for (let spent = 0; openJobs().some(isNew); spent += wait) {
        if (await follow(run)) isAny = true;
        if (spent >= ACCEPTED_WITHIN || !openJobs().some(isNew)) break;
        await environment.clock.sleep(wait, signal);
      }
      return isAny;
    },
    delay: () => openJobs().length > 0 ? wait : undefined,
    isStuck(files) {
      if (lostOnes().length === 0) return false;
      const intents = batchIntents(log);
      for (const object of files.objects(["warming"])) {
        if (!isHeld(log.index.restores.warmUp(object), intents)) return false;
      }
      return true;
    },
    get failure() {
      return lostOnes()[0];
    },
    get refusal() {
      return refusal;
    },
  };
}

/** For messages. */
export function batchJobName({ id, planned }: Pick<OpenBatchJob, "id" | "planned">): string {
  return id === undefined ? `the Batch job with the token ${planned.token}` : `Batch job ${id}`;
}

function noBatch(log: BatchFollowingDeps["log"], intent: number, { key }: ObjectId): HoldfastError {
  const open = openBatchJobs(log, "restore")
    .find(({ planned }) => planned.intents?.includes(intent) === true)!;
  const { id, planned: { job = 0 } } = open;
  return new HoldfastError("usage", `${batchJobName(open)} is asking for what this restore needs`, {
    context: { key, ...(id === undefined ? {} : { job: id }) },
    hint: "set `batch_role` as it was, so that the job can be followed; " +
      `\`holdfast restores cancel ${job}\` leaves it to AWS`,
  });
}

function nothingAsked(id: string, reason: string): HoldfastError {
  return new HoldfastError("refused", `Batch job ${id} could ask for nothing: ${reason}`, {
    context: { job: id },
    hint: "see that the role of `batch_role` has s3:RestoreObject and s3:GetObject on the bucket",
  });
}
