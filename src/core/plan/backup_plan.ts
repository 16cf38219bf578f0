import type { PathText } from "../path_text.ts";
import type { EntryType } from "../stat_record.ts";

/** What a backup will store, as data (DESIGN section 2: plan, step). */
export interface BackupStep {
  readonly source: string;
  readonly path: PathText;
  readonly type: EntryType;
  readonly bytes: bigint;
  readonly key: string;
  readonly storageClass: string;
  readonly why: BackupReason;
}

export type BackupReason =
  | "new"
  | "changed"
  | "changed, same size: read first, stored only where the content differs"
  | "not settled: read again, stored only where the content differs";

export interface BackupPlan {
  readonly steps: readonly BackupStep[];
  /** More steps than are listed. */
  readonly further: number;
  readonly entries: number;
  readonly bytes: bigint;
  /** PUT requests, of one part or several, with those that begin and end an upload. */
  readonly requests: number;
}

export interface BackupPlanItem extends BackupStep {
  readonly requests: number;
}

/** Steps kept for printing; the totals count all. */
const LISTED = 10_000;

export function planBackup(items: Iterable<BackupPlanItem>): BackupPlan {
  const steps: BackupStep[] = [];
  let [entries, requests, bytes] = [0, 0, 0n];
  for (const { requests: needed, ...step } of items) {
    entries++;
    requests += needed;
    bytes += step.bytes;
    if (steps.length < LISTED) steps.push(step);
  }
  return { steps, further: entries - steps.length, entries, bytes, requests };
}
