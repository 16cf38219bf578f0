import { openState } from "../app/read_state.ts";
import type { Approval } from "../app/restore_approval.ts";
import { spentOn } from "../app/restore_plan_events.ts";
import type { RestoreOptions, RunInput, WarmUpWishes } from "../cli/runner.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { addMoney } from "../core/cost/money.ts";
import { moneyText } from "../core/cost/money_text.ts";
import { EXIT } from "../core/exit_code.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import { dryPlan } from "./dry_plan.ts";
import { entryTree } from "./entry_tree.ts";
import { systemEnvironment } from "./environment.ts";
import {
  checkPasswordFile,
  openRestore,
  openRestores,
  resumedOf,
  wishOf,
} from "./known_restores.ts";
import { openForLook, replayerBeside } from "./open_log.ts";
import { targetToLookAt } from "./open_target.ts";
import { selectionOf, wantedState } from "./restore_selection.ts";
import { storeToAsk } from "./store_to_ask.ts";

/** `restore --dry-run`: by the index, and by what is in the target already. The store is not asked. */
export async function planOnly(input: RunInput<RestoreOptions>): Promise<number> {
  const { output, options, job: { tier, days, maxCost }, stateFile } = input;
  const log = openForLook(input);
  const wanted = wantedState(options.state);
  const state = openState(log, replayerBeside(stateFile), wanted, output.signal);
  let target: RestoreTarget | undefined;
  try {
    const chosen = await options.choose?.(entryTree(state.index), `restore of ${state.label}`);
    output.text(`restoring ${state.label}`);
    const { overwrite, to, warmUp } = options;
    target = await targetToLookAt(input, to, systemEnvironment());
    const { plan } = await dryPlan(input, log, {
      ...{ state, overwrite, to, target, job: log.index.restores.nextNumber() },
      ...{ tier: warmUp.tier ?? tier, days: warmUp.days ?? days },
      selection: selectionOf({ ...options, paths: chosen ?? options.paths }),
    });
    checkMaxCost(plan.quote.total, warmUp.budget ?? maxCost);
    return EXIT.done;
  } finally {
    target?.close();
    state.close();
    log.close();
  }
}

type ResumeInput = RunInput<{
  /** undefined: all that are open. */
  readonly job: number | undefined;
  readonly passwordFile?: string;
  readonly warmUp: WarmUpWishes;
}>;

/** `restores resume N --dry-run` and `restore --wait --dry-run`: by what the store says now. */
export async function planResumed(input: ResumeInput): Promise<number> {
  const { output, options: { job, warmUp } } = input;
  const log = openForLook(input);
  let store: ObjectStore | undefined;
  try {
    const rows = job === undefined ? openRestores(log) : [openRestore(log, job)];
    if (rows.length === 0) output.signal({ kind: "notice", text: "no restore is open" });
    else store = await storeToAsk(input, log);
    checkPasswordFile(input, rows);
    const approvals: Approval[] = [];
    for (const row of rows) approvals.push(await planOne(input, log, row, store));
    const total = addMoney(...approvals.map(({ plan }) => plan.quote.total));
    if (rows.length > 1) output.text(`price of all: ${moneyText(total)}`);
    const isAsking = approvals.some(({ plan }) => plan.asked.objects + plan.approved.objects > 0);
    const isNeeded = job !== undefined && approvals.some((approval) => approval.isNeeded);
    const limit = warmUp.budget ?? (isNeeded ? input.job.maxCost : undefined);
    const spent = rows.map((row) => spentOn(resumedOf(row)));
    if (isAsking) checkMaxCost(addMoney(...spent, total), limit);
    return EXIT.done;
  } finally {
    store?.close();
    log.close();
  }
}

async function planOne(
  input: ResumeInput,
  log: JobLog,
  row: RestoreJobRow,
  store: ObjectStore | undefined,
): Promise<Approval> {
  const { output, stateFile, options: { warmUp: { tier = row.tier, days = row.days } } } = input;
  const { wanted, ...wish } = wishOf(row);
  const state = openState(log, replayerBeside(stateFile), wanted, output.signal);
  try {
    const target = await targetToLookAt(input, wish.to, systemEnvironment());
    try {
      return await dryPlan(input, log, {
        ...{ ...wish, tier, days, state, target, store },
        ...{ job: row.job, resumed: resumedOf(row) },
      });
    } finally {
      target?.close();
    }
  } finally {
    state.close();
  }
}
