import type { JobConfig } from "../cli/job_config.ts";
import { hex } from "../core/hash.ts";
import { platformHashing } from "../crypto/hashing.ts";

/** SHA-256 of the job's section, so that a run tells which config it had. */
export function configDigest(job: JobConfig): string {
  return hex(platformHashing.sha256(job.text));
}
