import { prune, type PruneReport } from "../app/prune.ts";
import { prunePacks, type PrunePacksReport } from "../app/prune_packs.ts";
import type { PruneOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { priceDeletion } from "../core/cost/price_deletion.ts";
import { pricePackPlan } from "../core/cost/price_packs.ts";
import type { HeldSpace } from "../core/lock/held_space.ts";
import { heldPacks, MAX_DEAD, type PackPlan } from "../core/plan/pack_plan.ts";
import type { PrunePlan } from "../core/plan/prune_plan.ts";
import { formatSize } from "../core/size_text.ts";
import { isoTime } from "../core/time_text.ts";
import { counted } from "../report/count_text.ts";
import {
  actionsText,
  packPlanLines,
  packStepLines,
  packStepRecord,
} from "../report/pack_plan_text.ts";
import { prunePlanLines, pruneStepLines, pruneStepRecord } from "../report/prune_text.ts";
import { configDigest } from "./config_digest.ts";
import { costSetting } from "./cost_setting.ts";
import { withPackUpkeep } from "./pack_upkeep.ts";
import { withUpkeep } from "./upkeep.ts";
import { packCostOptions, showPrice } from "./upkeep_price.ts";
import { WHOLE } from "./with_past.ts";

type Input = RunInput<PruneOptions>;

/** `holdfast prune`. */
export async function runPrune(input: Input): Promise<number> {
  if (input.job.layout === "pack") return await runPrunePacks(input);
  if (input.options.maxDead !== undefined) throw withoutPacks();
  const started = performance.now();
  const config = configDigest(input.job);
  const report = await withUpkeep(
    input,
    (deps) => prune(deps, { config, accept: (plan) => accept(input, plan) }),
    WHOLE,
  );
  show(input, report, performance.now() - started);
  return report.exitCode;
}

function withoutPacks(): HoldfastError {
  return new HoldfastError("usage", "--max-dead is for packs, and this job has a mirror", {
    hint: "leave it out",
  });
}

async function accept(input: Input, plan: PrunePlan): Promise<boolean> {
  const { output, globals } = input;
  if (globals.dryRun) {
    for (const step of plan.steps) output.record(pruneStepRecord(step));
    output.text(...pruneStepLines(plan));
  }
  const setting = costSetting(input.job);
  output.text(...prunePlanLines(plan, setting));
  showPrice(input, priceDeletion(plan, setting));
  if (globals.dryRun) return false;
  if (plan.objects === 0) return true;
  const what = `delete ${counted(plan.objects, "object")}, ${formatSize(plan.bytes)}, for good?`;
  return await asked(input, what);
}

async function asked({ confirm, output }: Input, question: string): Promise<boolean> {
  const accepted = await confirm(question);
  if (!accepted) output.signal({ kind: "notice", text: "nothing was deleted" });
  return accepted;
}

function show({ output, job, globals }: Input, report: PruneReport, ms: number) {
  const { plan, deleted, bytes, failed, released, left } = report;
  const early = plan.early.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  output.summary({
    ...{ record: "summary", command: "prune", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ planned: plan.objects, planned_bytes: plan.bytes, requests: plan.requests },
      ...{ early_bytes: early, deleted, bytes, failed, released, left },
      ...heldFacts(plan.held),
      dry_run: globals.dryRun,
    },
  }, [
    ...(report.accepted && plan.objects > 0
      ? [`deleted ${counted(deleted, "object")} or versions, ${formatSize(bytes)}`]
      : []),
    ...(failed > 0 ? [`${counted(failed, "object")} could not be deleted`] : []),
    ...(left > 0
      ? [`${counted(left, "object")} stored before the store kept versions: left as they are`]
      : []),
  ]);
}

async function runPrunePacks(input: Input): Promise<number> {
  const started = performance.now();
  const { maxDead = MAX_DEAD } = input.options;
  const report = await withPackUpkeep(
    input,
    (deps, options) =>
      prunePacks(deps, { ...options, maxDead, accept: (plan) => acceptPacks(input, plan) }),
  );
  showPacks(input, report, performance.now() - started);
  return report.exitCode;
}

function heldFacts(held: HeldSpace | undefined) {
  if (held === undefined) return {};
  const { objects, bytes, from, until } = held;
  return {
    ...{ held: objects, held_bytes: bytes },
    ...{ held_from: isoTime(from), held_until: isoTime(until) },
  };
}

const REASON = "no kept snapshot and no entry needs it";

async function acceptPacks(input: Input, plan: PackPlan): Promise<boolean> {
  const { output, globals } = input;
  if (globals.dryRun) {
    for (const step of plan.steps) output.record(packStepRecord(step, REASON));
    output.text(...packStepLines(plan, REASON));
  }
  const pricing = packCostOptions(input.job);
  output.text(...packPlanLines(plan, pricing));
  showPrice(input, pricePackPlan(plan, pricing));
  if (globals.dryRun) return false;
  if (plan.steps.length === 0) return true;
  return await asked(input, `${actionsText(plan)}, ${formatSize(plan.bytes)}, for good?`);
}

function showPacks({ output, job, globals }: Input, report: PrunePacksReport, ms: number) {
  const { plan, deleted, bytes, failed, kept, packs, packedBytes } = report;
  const early = plan.steps.filter(({ chargedDays }) => chargedDays !== 0)
    .reduce((sum, { pack }) => sum + pack.bytes, 0);
  output.summary({
    ...{ record: "summary", command: "prune", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ planned: plan.steps.length, planned_bytes: plan.bytes, requests: plan.requests },
      ...{ repacked: plan.counts.repack, merged: plan.counts.merge, left: plan.left.length },
      ...{ from_source: plan.fromSource, from_store: plan.fromStore, early_bytes: early },
      ...{ deleted, bytes, failed, kept, packs, packed_bytes: packedBytes },
      ...heldFacts(heldPacks(plan)),
      dry_run: globals.dryRun,
    },
  }, [
    ...(report.accepted && plan.steps.length > 0
      ? [
        `deleted ${counted(deleted, "pack")}, ${formatSize(bytes)}; ` +
        `packed again ${counted(packs, "pack")}, ${formatSize(packedBytes)}`,
      ]
      : []),
    ...(kept > 0 ? [`${counted(kept, "pack")} stayed: something in them could not be had`] : []),
    ...(failed > 0
      ? [`${counted(failed, "pack")} could not be deleted: the next run tries again`]
      : []),
  ]);
}
