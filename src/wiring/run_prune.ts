import { prune, type PruneReport } from "../app/prune.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import type { PrunePlan } from "../core/plan/prune_plan.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { prunePlanLines, pruneStepLines, pruneStepRecord } from "../report/prune_text.ts";
import { configDigest } from "./config_digest.ts";
import { withUpkeep } from "./upkeep.ts";

/** `holdfast prune`. */
export async function runPrune(input: RunInput<NoOptions>): Promise<number> {
  const started = performance.now();
  const config = configDigest(input.job);
  const report = await withUpkeep(
    input,
    (deps) => prune(deps, { config, accept: (plan) => accept(input, plan) }),
  );
  show(input, report, performance.now() - started);
  return report.exitCode;
}

async function accept(input: RunInput<NoOptions>, plan: PrunePlan): Promise<boolean> {
  const { output, globals } = input;
  if (globals.dryRun) {
    for (const step of plan.steps) output.record(pruneStepRecord(step));
    output.text(...pruneStepLines(plan));
  }
  output.text(...prunePlanLines(plan));
  if (globals.dryRun) return false;
  if (plan.objects === 0) return true;
  const what = `delete ${counted(plan.objects, "object")}, ${formatSize(plan.bytes)}, for good?`;
  const accepted = await input.confirm(what);
  if (!accepted) output.signal({ kind: "notice", text: "nothing was deleted" });
  return accepted;
}

function show({ output, job, globals }: RunInput<NoOptions>, report: PruneReport, ms: number) {
  const { plan, deleted, bytes, failed, released, left } = report;
  const early = plan.early.reduce((sum, { bytes }) => sum + bytes, 0);
  output.summary({
    ...{ record: "summary", command: "prune", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ planned: plan.objects, planned_bytes: plan.bytes, requests: plan.requests },
      ...{ early_bytes: early, deleted, bytes, failed, released, left, dry_run: globals.dryRun },
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
