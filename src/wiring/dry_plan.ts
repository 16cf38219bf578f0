import { dirname } from "node:path";
import { breather } from "../app/breather.ts";
import { warmthLooks } from "../app/look_at_warmth.ts";
import { planRestore, type RestoreMeasure } from "../app/plan_restore.ts";
import type { ReadState } from "../app/read_state.ts";
import { type Approval, approvalOf } from "../app/restore_approval.ts";
import type { Selection } from "../app/restore_items.ts";
import type { Overwrite, RunInput, WarmUpWishes } from "../cli/runner.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import { warmthKnown } from "../core/cold/warmth.ts";
import { moneyText } from "../core/cost/money_text.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import { formatSize } from "../core/size_text.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { WaitingFiles } from "../ports/waiting_files.ts";
import { counted } from "../report/count_text.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { coldDeps } from "./cold_deps.ts";
import { systemEnvironment } from "./environment.ts";

/** What a dry run of a restore plans. */
export interface DryWish {
  readonly state: ReadState;
  readonly selection: Selection;
  readonly overwrite: Overwrite;
  readonly to: string;
  readonly tier: Tier;
  readonly days: number;
  /** Number of the restore. */
  readonly job: number;
  /** The open one that goes on. */
  readonly resumed?: RestoreJobRow | undefined;
  /** What is there already is not restored again; undefined where nothing is looked at. */
  readonly target?: RestoreTarget | undefined;
  /** undefined: what was last heard of the objects has to do. */
  readonly store?: ObjectStore | undefined;
}

/** Shows the plan, which ends with its price. Nothing is appended, and nothing asked for. */
export async function dryPlan(
  input: RunInput<{ readonly warmUp: WarmUpWishes }>,
  log: JobLog,
  wish: DryWish,
): Promise<Approval> {
  const { output, signal, stateFile, options: { warmUp } } = input;
  const { job, resumed, tier, days, store, to } = wish;
  const { restores } = log.index;
  const work = sqliteWorkTables(dirname(stateFile));
  let files: WaitingFiles | undefined;
  try {
    const measure = await measured(log, wish, signal, () => files ??= work.waiting());
    if (files !== undefined && store !== undefined) {
      await warmthLooks({ store, signal, now, index: log.index })(files, ["unknown"]);
    }
    const { quote, show } = coldDeps(input);
    const approval = approvalOf({ restores, files, quote }, {
      ...{ job, resumed, tier, days, measure, now: now(), viaBatch: warmUp.viaBatch },
      isTierNamed: resumed === undefined || warmUp.tier !== undefined,
    });
    const { plan } = approval;
    const entries = counted(measure.entries, "entry", "entries");
    output.text(`plan: write ${entries}, ${formatSize(measure.bytes)}, to ${to}`);
    show(plan);
    if (plan.quote.lines.length === 0) output.text(`price: ${moneyText(plan.quote.total)}`);
    return approval;
  } finally {
    files?.close();
  }
}

function measured(
  { index }: JobLog,
  { state, selection, overwrite, job, resumed, target, store }: DryWish,
  signal: AbortSignal,
  files: () => WaitingFiles,
): Promise<RestoreMeasure> {
  const { restores } = index;
  const { clock } = systemEnvironment();
  const isResumed = resumed !== undefined;
  return planRestore(
    { contents: index, hashing: platformHashing, target, breathe: breather(clock, signal) },
    {
      ...{ state, selection, overwrite, isResumed },
      isAwaited: (object) => isResumed && restores.object(job, object) !== undefined,
    },
    ({ row: { folder, name } }, objects) => {
      files().add({ folder, name, bytes: 0 }, objects);
      if (store !== undefined) return;
      for (const object of objects) {
        const known = warmthKnown(restores.warmUp(object), now());
        files().setWarmth(object, known === "unknown" ? "warming" : known);
      }
    },
  );
}

function now(): number {
  return Number(systemEnvironment().clock.now() / 1_000_000n);
}
