import { pollDelay } from "../core/cold/poll_delay.ts";
import type { RestorePlan } from "../core/cold/restore_plan.ts";
import { tierFor } from "../core/cost/restore_wait.ts";
import type { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { cancelBatchWarmUps } from "./batch_cancel.ts";
import { type BatchFollowing, batchFollowing } from "./batch_following.ts";
import { copiedContent } from "./copied_content.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { type RestoreAsking, restoreAsking } from "./restore_asking.ts";
import type { RestoreReport } from "./restore_deps.ts";
import { linkGroups } from "./restore_links.ts";
import { type RestoreLooks, restoreLooks } from "./restore_looks.ts";
import { reportOf } from "./restore_report.ts";
import { type RestoreRounds, restoreRounds } from "./restore_rounds.ts";
import { type RestoreSetting, settingOf } from "./restore_setting.ts";
import type { Progress } from "./restore_work.ts";

/** One restore within a process, from its plan to its end, or to where the process leaves it. */
export interface RestoreSession {
  readonly job: number;
  readonly plan: RestorePlan;
  /**
   * Shows the plan, and asks where something has to be paid for. False where that is declined. Throws
   * kind "cost" where it is above the limit.
   */
  approve(): Promise<boolean>;
  /** Puts the plan into the log. */
  begin(run: string): void;
  /** Asks for what is approved, and restores what can be read. */
  step(run: string): Promise<void>;
  /** Asks the store what has become warm. */
  look(run: string): Promise<void>;
  /** Milliseconds until the next look; undefined where nothing is warming. */
  delay(): number | undefined;
  end(run: string): Promise<RestoreReport>;
  /** Why the store asks for nothing, or not for all: to be told when what can be read is restored. */
  readonly failure: HoldfastError | undefined;
  declined(): RestoreReport;
}

interface Parts {
  readonly prepared: PreparedRestore;
  readonly setting: RestoreSetting;
  readonly looks: RestoreLooks;
  readonly asking: RestoreAsking;
  readonly following: BatchFollowing;
  readonly progress: Progress;
}

/** With a look at the objects that it waits for. */
export async function restoreSession(prepared: PreparedRestore): Promise<RestoreSession> {
  const { deps, measure } = prepared;
  const setting = settingOf(prepared);
  const { job } = setting;
  const following = batchFollowing({ ...deps, batch: deps.cold.batch }, job);
  const looks = restoreLooks(prepared, setting, following);
  await looks.look("unknown");
  const asking = restoreAsking(prepared, setting, looks);
  const progress: Progress = {
    ...{ total: measure, done: 0, entries: 0, bytes: 0, present: 0, failed: 0, damaged: false },
    ...{ batch: { entries: 0, bytes: 0, failed: [] }, limits: new Map() },
  };
  const parts: Parts = { prepared, setting, looks, asking, following, progress };
  let rounds: RestoreRounds | undefined;
  const report = () => reportNow(parts);
  /** What a job could ask nothing of would fail one by one, too. */
  const ask = async (run: string) => {
    if (following.refusal === undefined) await asking.request(run);
  };

  return {
    ...{ job, plan: asking.plan },
    approve: () => asking.approve(),
    begin: (run) => asking.begin(run),
    async step(run) {
      await ask(run);
      if (setting.wishes.requestOnly !== true) {
        const isFirst = rounds === undefined;
        rounds ??= roundsOf(parts, run);
        if (isFirst) await rounds.readable();
        await restoreWarm(parts, rounds, run);
      }
      if (await following.accept(run)) {
        looks.release();
        await looks.look("unknown");
        looks.note(run);
      }
      // What has expired meanwhile is asked for again where that is approved.
      if (!asking.isStopped && asking.held.refused === 0) await ask(run);
    },
    async look(run) {
      if (await following.follow(run)) looks.release();
      await looks.look("cold", "warming", "warm", "unknown");
      looks.note(run);
    },
    delay: () => delayOf(parts),
    async end(run) {
      const { waiting } = prepared;
      const isLeft = () => (waiting.files?.count().files ?? 0) > 0;
      await rounds?.finish(!isLeft());
      const isComplete = rounds !== undefined && !isLeft();
      // What it was still to ask for nobody needs any more.
      if (isComplete) await cancelBatchWarmUps({ ...deps, batch: deps.cold.batch }, run, job);
      const ended = report();
      tellEnd(parts, ended, { run, isComplete });
      rounds?.close();
      return ended;
    },
    get failure() {
      return asking.failure ?? following.refusal ?? following.failure;
    },
    declined: () => ({ ...report(), isDeclined: true, exitCode: EXIT.cost }),
  };
}

function reportNow({ prepared, setting, asking, progress }: Parts): RestoreReport {
  const { deps, waiting } = prepared;
  const { limits } = deps.target;
  return reportOf({ job: setting.job, progress, waiting, held: asking.held, limits });
}

/** Files whose objects are warm, as long as there are such. */
async function restoreWarm(
  { looks }: Parts,
  rounds: RestoreRounds,
  run: string,
): Promise<void> {
  for (;;) {
    await looks.look("unknown");
    looks.note(run);
    if (!await rounds.ready()) return;
  }
}

function delayOf({ prepared, setting, following }: Parts): number | undefined {
  const { files } = prepared.waiting;
  if (files === undefined || following.isStuck(files)) return undefined;
  const { simulatedWait } = prepared.deps.cold;
  const waits = files.totals().flatMap((group) => {
    if (group.warmth !== "warming") return [];
    const place = tierFor(setting.tier, group.storageClass, group.archive ?? undefined);
    return [simulatedWait ?? place?.wait.atMost ?? 0];
  });
  if (waits.length === 0) return undefined;
  return Math.min(pollDelay(Math.min(...waits)), following.delay() ?? Infinity);
}

function tellEnd(
  { prepared: { deps }, setting: { job }, asking: { held } }: Parts,
  { exitCode, entries, bytes, failed }: RestoreReport,
  { run, isComplete }: { readonly run: string; readonly isComplete: boolean },
): void {
  if (isComplete) {
    const totals = { entries: `${entries}`, bytes: `${bytes}`, failed: `${failed}` };
    const data = { outcome: exitCode, ...totals, job };
    deps.log.append(run, [{ type: "RestoreFinished", data }]);
  } else if (held.unapproved > 0) {
    const text = `restore ${job} waits for approval: \`holdfast restores resume ${job}\``;
    deps.emit({ kind: "notice", text });
  }
}

function roundsOf({ prepared, setting, progress }: Parts, run: string): RestoreRounds {
  const { deps, options, waiting } = prepared;
  const { log, work, breathe } = deps;
  const { index, position } = options.state;
  const copies = copiedContent({ log, from: position + 1, notes: work.notes, breathe });
  const made = restoreRounds({
    ...{ deps: { ...deps, copies }, run, progress, index, overwrite: options.overwrite },
    ...{ links: linkGroups(), skipped: new Set(), waiting, job: setting.job },
    isResumed: setting.resumed !== undefined,
  }, { selection: options.selection, workers: options.workers, tables: work });
  const close = () => {
    made.close();
    copies.close();
  };
  return { ...made, close };
}
