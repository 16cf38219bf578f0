import type { JobConfig } from "../cli/job_config.ts";
import { chargeLines, costOf } from "../core/cost/cost.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { type BackupCost, firstMonth, priceBackup } from "../core/cost/price_backup.ts";
import type { BackupPlan } from "../core/plan/backup_plan.ts";
import { isFile } from "./open_log.ts";
import { costSetting } from "./cost_setting.ts";

export function backupPrice(job: JobConfig, plan: BackupPlan): BackupCost {
  const { tier, days } = job;
  return priceBackup(plan, { ...costSetting(job), tier, days });
}

/** Throws kind "cost" where the run and the first month of what it stores may cost more than allowed. */
export function checkBackupPrice(job: JobConfig, cost: BackupCost): void {
  checkMaxCost(firstMonth(cost).total, job.maxCost);
}

/** Requests by which a repository is made, about: the probes, repository.json, the first segment. */
const INIT_REQUESTS = 20;

/**
 * Before a repository is made for a backup that nobody can have priced yet: so that a limit of 0, or
 * one where prices are unknown, stops before the first request of all.
 */
export function checkInitPrice(
  { job, stateFile }: { readonly job: JobConfig; readonly stateFile: string },
): void {
  if (job.maxCost === undefined || isFile(stateFile)) return;
  const { prices, region } = costSetting(job);
  const what = "PUT requests to STANDARD";
  const charge = {
    region,
    item: "put",
    storageClass: "STANDARD",
    amount: INIT_REQUESTS,
    what,
  } as const;
  checkMaxCost(costOf(chargeLines(prices, [charge])).total, job.maxCost);
}
