import type { BatchOperation } from "../core/batch/batch_job.ts";
import { type BatchJobState, hasEnded, isHeld } from "../core/batch/job_state.ts";
import type { ManifestObject } from "../core/batch/manifest.ts";
import { type HoldfastError, isKind } from "../core/error.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { type OpenBatchJob, type PlannedBatchJob, requestOf } from "./batch_jobs_log.ts";
import { type BatchDeps, batchFolder, putManifest } from "./batch_manifest.ts";
import { closeBatchJob } from "./batch_answers.ts";
import type { LogShipper } from "./ship_log.ts";

export interface BatchRunDeps extends BatchDeps {
  readonly log: JobLog;
  readonly shipper: LogShipper;
  readonly environment: Environment;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

/** A job that was made. */
export interface MadeBatchJob extends OpenBatchJob {
  readonly id: string;
}

/** With the restore that it asks for, and the positions of its WarmUpPlanned. */
export type NewBatchJob = BatchOperation & {
  readonly restore?: { job: number; intents: number[] };
};

/**
 * Puts the manifest and makes the job: manifest, intent, ship, request, outcome, ship. The intent
 * names the manifest's ETag, so that a repeat asks for the very same job.
 */
export async function startBatchJob(
  deps: BatchRunDeps,
  run: string,
  objects: Iterable<ManifestObject>,
  job: NewBatchJob,
): Promise<MadeBatchJob> {
  const { log, shipper } = deps;
  // A run has it once: whatever is appended next has another position.
  const token = `${run}-${log.head().position}`;
  const manifest = await putManifest(deps, token, objects);
  const planned = plannedJob(job, token, manifest);
  const intent = log.append(run, [{ type: "BatchJobPlanned", data: planned }], { durable: true });
  await shipper.ship();
  return await create(deps, run, { intent, planned, id: undefined }, notMade);
}

/** What is refused at the first time was never made; else nobody knows, and the intent stays open. */
function notMade(): Promise<undefined> {
  return Promise.resolve(undefined);
}

function plannedJob(
  job: NewBatchJob,
  token: string,
  { key, etag, version, versions, objects }: Awaited<ReturnType<typeof putManifest>>,
): PlannedBatchJob {
  return {
    ...{ operation: job.kind, token, manifest: key, etag },
    ...(version === undefined ? {} : { version }),
    ...(versions ? { versions: true } : {}),
    ...{ report: batchFolder(token), objects },
    ...(job.kind === "checksum" ? { algorithm: job.algorithm } : { tier: job.tier }),
    ...(job.kind === "restore" && job.days !== undefined ? { days: job.days } : {}),
    ...job.restore,
  };
}

/**
 * Asks again for a job that is in the log: one that was asked for already is the same one. Where that
 * is refused now it may have been made all the same.
 */
export async function makeBatchJob(
  deps: BatchRunDeps,
  run: string,
  open: OpenBatchJob,
): Promise<MadeBatchJob> {
  if (open.id !== undefined) return { ...open, id: open.id };
  return await create(deps, run, open, () => findBatchJob(deps, run, open));
}

/** The job as the service has it, also where the log has no ID; undefined where it was never made. */
export async function findBatchJob(
  deps: BatchRunDeps,
  run: string,
  open: OpenBatchJob,
): Promise<MadeBatchJob | undefined> {
  if (open.id !== undefined) return { ...open, id: open.id };
  const id = await deps.batch.find(open.planned.token);
  return id === undefined ? undefined : await noteId(deps, run, { ...open, id });
}

async function create(
  deps: BatchRunDeps,
  run: string,
  open: OpenBatchJob,
  look: () => Promise<MadeBatchJob | undefined>,
): Promise<MadeBatchJob> {
  let id: string;
  try {
    id = await deps.batch.create(requestOf(open.planned));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const found = await look();
    if (found !== undefined) return found;
    const how = { status: "refused", answer: "not asked" as const, reason: error.message };
    await closeBatchJob(deps, run, open, how);
    throw error;
  }
  return await noteId(deps, run, { ...open, id });
}

async function noteId(
  { log, shipper }: BatchRunDeps,
  run: string,
  job: MadeBatchJob,
): Promise<MadeBatchJob> {
  const { intent, id } = job;
  log.append(run, [{ type: "BatchJobCreated", data: { intent, id } }], { durable: true });
  await shipper.ship();
  return job;
}

/** What a repeat does not help against. */
export function isRefusal(error: unknown): error is HoldfastError {
  return isKind(error, "refused", "denied", "gone", "usage");
}

export const SHORTEST = 5_000; // ms
export const LONGEST = 300_000; // ms

/** Asks how far a job is until it has ended: often at first, then every five minutes. */
export async function followBatchJob(
  deps: BatchRunDeps,
  job: MadeBatchJob,
): Promise<BatchJobState> {
  const told = new Map<string, string>();
  for (let wait = SHORTEST;; wait = Math.min(LONGEST, wait * 2)) {
    const state = await lookAtBatchJob(deps, job, told);
    if (hasEnded(state)) return state;
    await deps.environment.clock.sleep(wait, deps.signal);
  }
}

/** How far a job is, which is told where it is news. `told`: what was told last, by ID. */
export async function lookAtBatchJob(
  { batch, emit }: Pick<BatchRunDeps, "batch" | "emit">,
  { id, planned }: MadeBatchJob,
  told: Map<string, string>,
): Promise<BatchJobState> {
  const state = await batch.describe(id) ?? GONE;
  const text = stateText(state, planned.objects);
  if (text !== told.get(id)) emit({ kind: "notice", text: `Batch job ${id}: ${text}` });
  told.set(id, text);
  return state;
}

/** AWS has forgotten it, long after its end. */
const GONE: BatchJobState = { status: "gone", total: 0, succeeded: 0, failed: 0 };

function stateText(state: BatchJobState, objects: number): string {
  const { status, succeeded, failed, reason } = state;
  const held = isHeld(state) ? ", and waits for somebody to go on with it in the AWS console" : "";
  const why = reason === undefined || reason === "" ? "" : ` (${reason})`;
  return `${status}, ${succeeded} of ${objects} objects done, ${failed} failed${held}${why}`;
}

/** What has become of it, for the log. */
export function finishedEvent({ intent, id }: MadeBatchJob, state: BatchJobState) {
  const { status, succeeded, failed, reason } = state;
  return {
    type: "BatchJobFinished" as const,
    data: {
      ...{ intent, id, status, succeeded, failed },
      ...(reason === undefined || reason === "" ? {} : { reason }),
    },
  };
}
