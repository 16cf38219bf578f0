import { adoptForeign, type AdoptForeignReport } from "../app/adopt_foreign.ts";
import { shipRenames } from "../app/ship_renames.ts";
import type { AdoptOptions, RunInput } from "../cli/runner.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { type AdoptionTally, priceAdoption } from "../core/cost/price_adoption.ts";
import { classRules } from "./class_rules.ts";
import { configDigest } from "./config_digest.ts";
import { costSetting } from "./cost_setting.ts";
import { scanOptions } from "./scan_options.ts";
import { foundForeign, showAdoption } from "./show_adoption.ts";
import { withUpkeep } from "./upkeep.ts";

/** `holdfast adopt`. */
export async function runAdopt(input: RunInput<AdoptOptions>): Promise<number> {
  const { job, globals, options, output } = input;
  const started = performance.now();
  const accept = (requests: AdoptionTally) =>
    checkMaxCost(priceAdoption(requests, costSetting(job)).total, job.maxCost);
  const found = foundForeign(output, globals.dryRun);
  const report: AdoptForeignReport = await withUpkeep(input, (deps) => {
    const { log, store, coding } = deps;
    return adoptForeign({
      ...deps,
      shipRenames: async (run) => void await shipRenames({ log, store, run, coding }),
    }, {
      sources: scanOptions(input, false),
      config: configDigest(job),
      storageClass: job.storageClass,
      minArchiveSize: job.minArchiveSize,
      classes: classRules(job.classes),
      partSize: job.partSize,
      dryRun: globals.dryRun,
      read: options.read,
      recipients: job.recipients,
      ...{ accept, tell: found.tell },
    });
  });
  found.end();
  showAdoption(input, report, (performance.now() - started) / 1000);
  if (globals.dryRun) accept(report.requests);
  return report.exitCode;
}
