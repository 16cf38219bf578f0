/** What DescribeJob tells of a job. */
export interface BatchJobState {
  /** As the service says it: "New", "Preparing", "Active", "Complete" … */
  readonly status: string;
  /** Tasks, one an object; 0 until the manifest was read. */
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Why it failed, or waits. */
  readonly reason?: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html */
const ENDED = new Set(["Complete", "Failed", "Cancelled", "gone"]);

/** Nothing more comes of it. */
export function hasEnded({ status }: BatchJobState): boolean {
  return ENDED.has(status);
}

/**
 * The role works and the manifest was read: what is wrong with a job shows before
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html).
 */
export function isAccepted({ status }: BatchJobState): boolean {
  return status !== "New" && status !== "Preparing";
}

/** Somebody has to do something before it goes on. */
export function isHeld({ status }: BatchJobState): boolean {
  return status === "Suspended" || status === "Paused";
}
