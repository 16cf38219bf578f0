import { heal, type HealReport } from "../app/heal.ts";
import { hasKeptBefore } from "../app/log_base.ts";
import { reconcile, type ReconcileReport } from "../app/reconcile.ts";
import type { DeleteUnknownPlan } from "../app/reconcile_delete.ts";
import { shipRenames } from "../app/ship_renames.ts";
import type { ReconcileOptions, RunInput } from "../cli/runner.ts";
import { priceDeletion } from "../core/cost/price_deletion.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { earlyLines } from "../report/early_text.ts";
import { configDigest } from "./config_digest.ts";
import { costSetting } from "./cost_setting.ts";
import { openInventory } from "./open_inventory.ts";
import { ownerNames } from "./owner_names.ts";
import { reconcileLines, reconcileTotals } from "./reconcile_lines.ts";
import { healLines, healOptions, healPrice } from "./run_heal.ts";
import { withUpkeep } from "./upkeep.ts";
import { showPrice } from "./upkeep_price.ts";

type Input = RunInput<ReconcileOptions>;

/** `holdfast reconcile`: the comparison is one run, and what `--fix` stores again another. */
export async function runReconcile(input: Input): Promise<number> {
  const started = performance.now();
  const { job, globals, output, options: { fix, deleteUnknown } } = input;
  const config = configDigest(job);
  const price = healPrice(input);
  const [report, healed] = await withUpkeep(input, async (deps) => {
    const inventory = await openInventory(input, deps);
    const report = await reconcile(deps, {
      ...{ config, adopt: fix, sources: job.sources.map(({ name }) => name) },
      ...(deleteUnknown ? { acceptDeletions: (plan) => accept(input, plan) } : {}),
      ...(inventory === undefined ? {} : { inventory }),
    });
    if (!fix) return [report, undefined] as const;
    const { log, store, coding } = deps;
    const healed = await heal({
      ...deps,
      owners: ownerNames(),
      shipRenames: async (run) => void await shipRenames({ log, store, run, coding }),
    }, { ...await healOptions(input), accept: price.accept });
    return [report, healed] as const;
  }, {
    // Of a mirror, what older states had would seem unknown, and be adopted.
    needs: (log, base) => deleteUnknown || job.layout === "mirror" || hasKeptBefore(log, base),
    isLenient: !deleteUnknown,
  });
  const exit = exitCodeAfter(report, healed);
  show(input, { report, healed, exit }, performance.now() - started);
  if (globals.dryRun && healed !== undefined) {
    output.text(...price.lines());
    if (exit === EXIT.done) price.check();
  }
  return exit;
}

interface Done {
  readonly report: ReconcileReport;
  readonly healed: HealReport | undefined;
  readonly exit: ExitCode;
}

function show({ output, job, globals }: Input, { report, healed, exit }: Done, ms: number): void {
  const { dryRun } = globals;
  output.summary({
    ...{ record: "summary", command: "reconcile", job: job.name, exit },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...reconcileTotals(report),
      ...{ healed: healed?.healed ?? 0, healed_bytes: healed?.bytes ?? 0, left: healed?.left ?? 0 },
      dry_run: dryRun,
    },
  }, [
    ...reconcileLines(report, dryRun),
    ...(healed === undefined || healed.lost === 0 ? [] : healLines(healed, dryRun)),
  ]);
}

/** What no source can make up for stays damage. */
function exitCodeAfter(report: ReconcileReport, healed: HealReport | undefined): ExitCode {
  if (healed === undefined) return report.exitCode;
  const { missing, damaged, healable, removed } = report;
  const rest = missing + damaged - healable.entries - healable.packs;
  return worstExitCode([
    healed.exitCode,
    rest > 0 ? EXIT.damage : EXIT.done,
    (removed?.failed ?? 0) > 0 ? EXIT.entries : EXIT.done,
  ]);
}

async function accept(input: Input, plan: DeleteUnknownPlan): Promise<boolean> {
  const { output, globals, job, confirm } = input;
  const setting = costSetting(job);
  output.text(
    `plan: delete ${counted(plan.objects, "unknown object")}, ${formatSize(plan.bytes)}:`,
    ...plan.sample.map((key) => `  ${key}`),
    ...(plan.objects > plan.sample.length ? ["  …"] : []),
    ...earlyLines(plan.early, setting),
  );
  showPrice(input, priceDeletion(plan, setting));
  if (globals.dryRun) return false;
  const what = `delete ${counted(plan.objects, "object")}, ${formatSize(plan.bytes)}, for good?`;
  const accepted = await confirm(what);
  if (!accepted) output.signal({ kind: "notice", text: "nothing was deleted" });
  return accepted;
}
