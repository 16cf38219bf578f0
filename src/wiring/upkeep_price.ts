import type { JobConfig } from "../cli/job_config.ts";
import type { RunInput } from "../cli/runner.ts";
import { addCosts, type Cost } from "../core/cost/cost.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { priceLog } from "../core/cost/price_log.ts";
import type { PackCostOptions } from "../core/cost/price_packs.ts";
import { costLines, priceRecord } from "../report/cost_text.ts";
import { costSetting } from "./cost_setting.ts";

/** What plans for packs of this job are priced with. */
export function packCostOptions(job: JobConfig): PackCostOptions {
  const { storageClass, packSize, partSize, minArchiveSize } = job;
  return { ...costSetting(job), storageClass, packSize, partSize, minArchiveSize };
}

/** Shows the price at the end of a plan. Throws kind "cost" where it is above the limit. */
export function showPrice({ output, job }: Pick<RunInput<unknown>, "output" | "job">, cost: Cost) {
  const all = addCosts(cost, priceLog(costSetting(job)));
  output.record(priceRecord("plan", all));
  output.text(...costLines(all, "price"));
  checkMaxCost(all.total, job.maxCost);
}
