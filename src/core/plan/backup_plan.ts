import type { EarlyTally } from "../cost/price_deletion.ts";
import type { LockPlan } from "../cost/price_locks.ts";
import type { RenamedGroup } from "../cost/price_renames.ts";
import { countUpload, uploadOf, type UploadTally } from "../cost/price_upload.ts";
import type { PathText } from "../path_text.ts";
import type { DeletedObject } from "../event/event.ts";
import type { RenameDecision, RenameWay } from "./rename_plan.ts";
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
  | "moved: read first, stored only where the content differs"
  | "changed, same size: read first, stored only where the content differs"
  | "not settled: read again, stored only where the content differs";

export interface BackupPlan {
  readonly steps: readonly BackupStep[];
  /** More steps than are listed. */
  readonly further: number;
  readonly entries: number;
  readonly bytes: bigint;
  /** Moved entries, and how each will be settled in the store. */
  readonly renames: readonly RenameStep[];
  /** Objects of entries that are gone, which will be deleted. */
  readonly deletions: readonly DeletedObject[];
  /** PUT requests, of one part or several, with those that begin and end an upload. */
  readonly requests: number;
  /** What is uploaded, by class. */
  readonly uploads: readonly Readonly<UploadTally>[];
  /** How much the renames have to do, by way and class. */
  readonly renamed: readonly (RenamedGroup & { readonly way: RenameWay })[];
  /** What is deleted or overwritten before its class's minimum duration. */
  readonly early: readonly Readonly<EarlyTally>[];
  /** Objects whose lock will be extended, or looked at. */
  readonly locks: LockPlan;
}

export interface RenameStep extends RenameDecision {
  readonly source: string;
  readonly path: PathText;
  /** Key of the content now, or the prefix of a folder's keys. */
  readonly from: string;
  readonly isFolder: boolean;
}

export interface BackupPlanItem extends BackupStep {
  readonly requests: number;
}

/** Steps kept for printing; the totals count all. */
const LISTED = 10_000;

export function planBackup(
  items: Iterable<BackupPlanItem>,
  others: Pick<BackupPlan, "renames" | "deletions" | "renamed">,
): Omit<BackupPlan, "early" | "locks"> {
  const steps: BackupStep[] = [];
  const uploads = new Map<string, UploadTally>();
  let [entries, requests, bytes] = [0, 0, 0n];
  for (const { requests: needed, ...step } of items) {
    entries++;
    requests += needed;
    bytes += step.bytes;
    countUpload(uploadOf(uploads, step.storageClass), Number(step.bytes), needed);
    if (steps.length < LISTED) steps.push(step);
  }
  return {
    ...{ steps, further: entries - steps.length, entries, bytes, requests },
    ...{ uploads: [...uploads.values()], ...others },
  };
}
