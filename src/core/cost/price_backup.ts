import type { BackupPlan } from "../plan/backup_plan.ts";
import { addCosts, type Cost } from "./cost.ts";
import { deleteRequests, priceDeletion } from "./price_deletion.ts";
import { NO_LOCKS, priceLocks } from "./price_locks.ts";
import { priceLog } from "./price_log.ts";
import { priceRenames, type RenameOptions, type RenamePrices } from "./price_renames.ts";
import { priceUploadPlan, type UploadCost } from "./price_upload.ts";
import { isCold } from "./restore_wait.ts";

export interface BackupCost extends UploadCost {
  /** Of moved objects that a copy would have to be warmed up for: all three ways to settle them. */
  readonly archived:
    | (RenamePrices & { readonly objects: number; readonly bytes: number })
    | undefined;
}

type PricedPlan =
  & Pick<BackupPlan, "uploads" | "renamed" | "deletions" | "early">
  & Partial<Pick<BackupPlan, "locks">>;

/** What a backup costs once: uploads, renames as they were decided, deletions; and what each month. */
export function priceBackup(plan: PricedPlan, options: RenameOptions): BackupCost {
  const { uploads, renamed, deletions, early, locks = NO_LOCKS } = plan;
  const { once, monthly } = priceUploadPlan(uploads, options);
  const requests = deleteRequests(deletions.length);
  // Their fees are in these prices: `early` is of what is deleted and overwritten otherwise.
  const settled = (wanted: string) =>
    priceRenames(renamed.filter(({ way }) => way === wanted), options);
  const cold = renamed.filter(({ storageClass, found }) =>
    isCold(found?.storageClass ?? storageClass, found?.archive)
  );
  const sum = (pick: (group: typeof cold[number]) => number) =>
    cold.reduce((total, group) => total + pick(group), 0);
  return {
    once: addCosts(
      once,
      settled("copy").copy,
      settled("warm-up").copy,
      settled("upload").upload,
      priceDeletion({ requests, early }, options),
      priceLocks(locks, options),
      priceLog(options),
    ),
    monthly,
    archived: cold.length === 0 ? undefined : {
      ...priceRenames(cold, options),
      objects: sum(({ objects }) => objects),
      bytes: sum(({ bytes }) => bytes),
    },
  };
}

/** What a limit is compared with: the run, and the first month of what it stores. */
export function firstMonth({ once, monthly }: UploadCost): Cost {
  return addCosts(once, monthly);
}
