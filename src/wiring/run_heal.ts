import { heal, type HealOptions, type HealReport } from "../app/heal.ts";
import { shipRenames } from "../app/ship_renames.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { firstMonth } from "../core/cost/price_backup.ts";
import { type HealPlan, priceHeal } from "../core/cost/price_heal.ts";
import type { UploadCost } from "../core/cost/price_upload.ts";
import { EXIT } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import { priceRecord, uploadCostLines } from "../report/cost_text.ts";
import { counted } from "../report/count_text.ts";
import { earlyLines } from "../report/early_text.ts";
import { classRules } from "./class_rules.ts";
import { configDigest } from "./config_digest.ts";
import { costSetting } from "./cost_setting.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { sealerOf } from "./open_keys.ts";
import { ownerNames } from "./owner_names.ts";
import { openSource } from "./open_source.ts";
import { packOptionsOf } from "./pack_options.ts";
import { withUpkeep } from "./upkeep.ts";

type Input = RunInput<NoOptions>;

/** `holdfast heal`. */
export async function runHeal(input: Input): Promise<number> {
  const started = performance.now();
  const { globals, output } = input;
  const price = healPrice(input);
  const options = { ...await healOptions(input), accept: price.accept };
  const report = await withUpkeep(input, (deps) => {
    const { log, store, coding } = deps;
    return heal({
      ...deps,
      owners: ownerNames(),
      shipRenames: async (run) => void await shipRenames({ log, store, run, coding }),
    }, options);
  });
  show(input, report, performance.now() - started);
  if (globals.dryRun) {
    output.text(...price.lines());
    // What cannot be healed goes before what may not be paid.
    if (report.exitCode === EXIT.done) price.check();
  }
  return report.exitCode;
}

/** Shown and checked before anything is stored; by a dry run at its end. */
export function healPrice({ job, globals, output }: Input) {
  const setting = costSetting(job);
  let [plan, cost]: [HealPlan?, UploadCost?] = [];
  const lines = () =>
    plan === undefined || cost === undefined
      ? []
      : [...earlyLines(plan.early, setting), ...uploadCostLines(cost)];
  const check = () => {
    if (cost !== undefined) checkMaxCost(firstMonth(cost).total, job.maxCost);
  };
  return {
    ...{ lines, check },
    accept(found: HealPlan) {
      plan = found;
      cost = priceHeal(plan, setting);
      output.record(priceRecord("plan", cost.once));
      output.record(priceRecord("month", cost.monthly));
      if (globals.dryRun) return;
      output.text(...lines());
      check();
    },
  };
}

export async function healOptions(input: Input): Promise<Omit<HealOptions, "accept">> {
  const { job, globals } = input;
  const { recipients } = job;
  const sealer = job.layout === "mirror" ? await sealerOf({ recipients }) : undefined;
  return {
    sources: job.sources.map((config) => ({
      name: config.name,
      source: openSource(input, config),
    })),
    config: configDigest(job),
    storageClass: job.storageClass,
    minArchiveSize: job.minArchiveSize,
    classes: classRules(job.classes),
    partSize: job.partSize,
    workers: job.uploadWorkers,
    dryRun: globals.dryRun,
    ...(job.layout === "pack" ? { packs: await packOptionsOf(job, systemEnvironment()) } : {}),
    ...(sealer === undefined
      ? {}
      : { encryption: { sealer, recipients, coding: jobCoding(input) } }),
  };
}

function show({ output, job, globals }: Input, report: HealReport, ms: number): void {
  const { lost, healed, bytes, left, snapshots } = report;
  output.summary({
    ...{ record: "summary", command: "heal", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: { lost, healed, bytes, left, snapshots, dry_run: globals.dryRun },
  }, healLines(report, globals.dryRun));
}

export function healLines(
  { lost, healed, bytes, left, snapshots }: HealReport,
  dryRun: boolean,
): string[] {
  if (lost === 0) return ["nothing is marked as missing or damaged: `holdfast check` looks for it"];
  const what = `${counted(healed, "entry", "entries")}, ${formatSize(bytes)}`;
  return [
    dryRun ? `plan: store again ${what}` : `stored again ${what}`,
    ...(left > 0 ? [`${counted(left, "entry", "entries")} could not be healed`] : []),
    ...(snapshots.length > 0
      ? [`snapshots that cannot give all of it back: ${snapshots.join(", ")}`]
      : []),
  ];
}
