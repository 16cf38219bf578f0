import type { BatchJobRequest, BatchPlace } from "../core/batch/batch_job.ts";
import type { BatchJobState } from "../core/batch/job_state.ts";

/**
 * S3 Batch Operations: jobs that AWS itself runs over the objects of a manifest. Errors are those of
 * ObjectStore; "denied" names the permission that is missing.
 */
export interface BatchJobs {
  readonly place: BatchPlace;
  /** Makes a job, which begins by itself, and returns its ID. A repeat returns the same one. */
  create(request: BatchJobRequest): Promise<string>;
  /** The ID of the job with this token; undefined where none was made. Nothing is made. */
  find(token: string): Promise<string | undefined>;
  /** Undefined where AWS does not know the job any more: it forgets them after 90 days. */
  describe(id: string): Promise<BatchJobState | undefined>;
  /** What it has done stays done. One that has ended already is no error. */
  cancel(id: string): Promise<void>;
  close(): void;
}
