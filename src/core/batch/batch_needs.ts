import type { Tier } from "../cold/restore_state.ts";
import { type ArchiveStatus, tierFor } from "../cost/restore_wait.ts";

/** Objects of one class that are to be asked for. */
export interface BatchGroup {
  readonly storageClass: string;
  readonly archive?: ArchiveStatus;
  readonly objects: number;
  /** How many of them are named with a version. */
  readonly versioned: number;
}

/** What Batch Operations is paid for. */
export interface BatchNeeds {
  readonly jobs: number;
  readonly objects: number;
}

/**
 * The jobs that a restore at this tier makes, and the objects in their manifests. A job has one tier,
 * days for its copies or none (Intelligent-Tiering), and names versions or none
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-initiate-restore-object.html). What
 * is asked for at Expedited, which Batch Operations lacks, is in none.
 */
export function batchNeeds(groups: Iterable<BatchGroup>, wanted: Tier): BatchNeeds {
  const jobs = new Set<string>();
  let count = 0;
  for (const { storageClass, archive, objects, versioned } of groups) {
    const tier = objects === 0 ? undefined : tierFor(wanted, storageClass, archive)?.tier;
    if (tier === undefined || tier === "Expedited") continue;
    count += objects;
    const kind = `${tier} ${archive === undefined}`;
    if (versioned > 0) jobs.add(`${kind} versions`);
    if (versioned < objects) jobs.add(kind);
  }
  return { jobs: jobs.size, objects: count };
}
