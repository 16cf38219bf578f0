import type { BatchJobRequest } from "../core/batch/batch_job.ts";
import type { EventData } from "../core/event/event.ts";
import type { LogReader } from "../ports/event_log.ts";

export type PlannedBatchJob = EventData["BatchJobPlanned"];

/** A Batch job as the log has it. */
export interface OpenBatchJob {
  /** Position of its BatchJobPlanned. */
  readonly intent: number;
  readonly planned: PlannedBatchJob;
  /** The service's; undefined where the answer to its making is not in the log. */
  readonly id: string | undefined;
}

export interface LoggedBatchJob extends OpenBatchJob {
  /** That has planned it. */
  readonly run: string;
  /** That it has ended with; undefined where the log does not know that it has. */
  readonly status: string | undefined;
}

/** Oldest first. The log alone knows: they are few, and no projection is needed. */
export function batchJobs(
  log: LogReader,
  operation: PlannedBatchJob["operation"],
): LoggedBatchJob[] {
  const jobs = new Map<number, LoggedBatchJob>();
  for (const event of log.events({ type: "BatchJobPlanned" })) {
    if (event.type !== "BatchJobPlanned" || event.data.operation !== operation) continue;
    const { position: intent, data: planned, run } = event;
    jobs.set(intent, { intent, planned, run, id: undefined, status: undefined });
  }
  if (jobs.size === 0) return [];
  for (const event of log.events({ type: "BatchJobCreated" })) {
    if (event.type !== "BatchJobCreated") continue;
    const job = jobs.get(event.data.intent);
    if (job !== undefined) jobs.set(job.intent, { ...job, id: event.data.id });
  }
  for (const event of log.events({ type: "BatchJobFinished" })) {
    if (event.type !== "BatchJobFinished") continue;
    const job = jobs.get(event.data.intent);
    if (job !== undefined) jobs.set(job.intent, { ...job, status: event.data.status });
  }
  return [...jobs.values()];
}

/** Those of which the log does not know that they have ended. */
export function openBatchJobs(
  log: LogReader,
  operation: PlannedBatchJob["operation"],
): LoggedBatchJob[] {
  return batchJobs(log, operation).filter(({ status }) => status === undefined);
}

/** What the service is asked for: the same for each repeat. */
export function requestOf(planned: PlannedBatchJob): BatchJobRequest {
  const { token, manifest: key, etag, version, versions = false, report } = planned;
  return {
    operation: planned.operation === "checksum"
      ? { kind: "checksum", algorithm: planned.algorithm ?? "SHA256" }
      : {
        ...{ kind: "restore", tier: planned.tier ?? "Bulk" },
        ...(planned.days === undefined ? {} : { days: planned.days }),
      },
    manifest: { key, etag, versions, ...(version === undefined ? {} : { version }) },
    ...{ token, report },
  };
}
