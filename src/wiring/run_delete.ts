import { deletePacked, type DeletePackedReport } from "../app/delete_packed.ts";
import type { DeleteOptions, RunInput } from "../cli/runner.ts";
import { pricePackPlan } from "../core/cost/price_packs.ts";
import { HoldfastError } from "../core/error.ts";
import type { DeletePlan } from "../core/plan/delete_plan.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { deletePlanLines } from "../report/delete_text.ts";
import { actionsText, packStepLines, packStepRecord } from "../report/pack_plan_text.ts";
import { withPackUpkeep } from "./pack_upkeep.ts";
import { packCostOptions, showPrice } from "./upkeep_price.ts";

const REASON = "it was named";

/** `holdfast delete`. */
export async function runDelete(input: RunInput<DeleteOptions>): Promise<number> {
  const started = performance.now();
  const { paths, force } = input.options;
  const { layout, sources } = input.job;
  // Of a job that is a URL alone the repository knows the layout.
  if (layout !== "pack" && sources.length > 0) throw inMirror();
  const report = await withPackUpkeep(input, (deps, options) =>
    deletePacked(deps, {
      ...{ ...options, paths, force },
      show: (plan) => showPlan(input, plan),
      accept: (plan) => accept(input, plan),
    }));
  show(input, report, performance.now() - started);
  return report.exitCode;
}

function inMirror(): HoldfastError {
  return new HoldfastError("usage", "delete is for the pack layout, and this job has a mirror", {
    hint: "a mirror's objects have the names of their files: exclude them, forget the snapshots " +
      "that have them, and prune",
  });
}

function showPlan(input: RunInput<DeleteOptions>, plan: DeletePlan): void {
  const { output, globals, job } = input;
  if (globals.dryRun) {
    for (const step of plan.steps) output.record(packStepRecord(step, REASON));
    output.text(...packStepLines(plan, REASON));
  }
  const pricing = packCostOptions(job);
  output.text(...deletePlanLines(plan, pricing));
  showPrice(input, pricePackPlan(plan, pricing));
}

async function accept(input: RunInput<DeleteOptions>, plan: DeletePlan): Promise<boolean> {
  const { output, globals } = input;
  if (globals.dryRun) return false;
  const accepted = await input.confirm(`${actionsText(plan)}, for good?`);
  if (!accepted) output.signal({ kind: "notice", text: "nothing was deleted" });
  return accepted;
}

function show(
  { output, job, globals }: RunInput<DeleteOptions>,
  report: DeletePackedReport,
  ms: number,
) {
  const { plan, accepted, deleted, bytes, failed, kept, lost, packs } = report;
  output.summary({
    ...{ record: "summary", command: "delete", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ planned: plan.steps.length, planned_bytes: plan.bytes, requests: plan.requests },
      ...{ entries: plan.current, snapshots: plan.snapshots.length, staying: plan.staying.length },
      ...{ deleted, bytes, failed, kept, lost, packs, dry_run: globals.dryRun },
    },
  }, [
    ...(accepted
      ? [
        `deleted ${counted(deleted, "pack")}, ${formatSize(bytes)}; ` +
        `${counted(lost, "entry is", "entries are")} not stored any more`,
      ]
      : []),
    ...(kept > 0
      ? [`nothing was deleted: ${counted(kept, "pack")} could not be packed again; repeat it`]
      : []),
    ...(failed > 0
      ? [`${counted(failed, "pack")} could not be deleted: the next run tries again`]
      : []),
  ]);
}
