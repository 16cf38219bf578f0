import { type PreparedRestore, prepareRestore } from "../app/prepare_restore.ts";
import { exitCodeOfAll, runSessions, type SessionEnd } from "../app/restore.ts";
import { spentOn } from "../app/restore_plan_events.ts";
import { type RestoreSession, restoreSession } from "../app/restore_session.ts";
import type { RunInput, WarmUpWishes } from "../cli/runner.ts";
import { type SharedBudget, sharedBudget } from "../core/cold/shared_budget.ts";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import {
  checkPasswordFile,
  openRestore,
  openRestores,
  resumedOf,
  wishOf,
} from "./known_restores.ts";
import { openRestorePlace, type RestorePlace } from "./restore_place.ts";
import { warmUpOf, WORKERS } from "./restore_selection.ts";
import { showRestore } from "./restore_summary.ts";

type ResumeInput = RunInput<{
  /** undefined: all that are open. */
  readonly job: number | undefined;
  readonly passwordFile?: string;
  readonly warmUp: WarmUpWishes;
}>;

interface Begun {
  readonly prepared: PreparedRestore;
  readonly session: RestoreSession;
  close(): void;
}

/** `restores resume`, and `restore --wait` without a target. */
export async function resumeRestores(input: ResumeInput): Promise<number> {
  const { options: { job }, output } = input;
  const place = openRestorePlace(input, systemEnvironment(), { isGuest: false });
  try {
    const rows = job === undefined ? openRestores(place.log) : [openRestore(place.log, job)];
    checkPasswordFile(input, rows);
    if (rows.length > 0) return await resumeAll(input, place, rows);
    output.signal({ kind: "notice", text: "no restore is open" });
    return EXIT.done;
  } finally {
    place.close();
  }
}

/** What stops one of them does not stop the others. */
async function resumeAll(
  input: ResumeInput,
  place: RestorePlace,
  rows: readonly RestoreJobRow[],
): Promise<number> {
  const started = performance.now();
  const ends = new Map<RestoreJobRow, SessionEnd>();
  const begun = new Map<RestoreJobRow, Begun>();
  const shared = budgetOf(input, rows);
  try {
    for (const row of rows) {
      try {
        begun.set(row, await begin(input, place, row, shared));
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.kind === "interrupted") throw error;
        ends.set(row, { failure: error });
      }
      if (rows.length > 1) place.rest();
    }
    const resumed = [...begun];
    if (resumed.length > 0) {
      input.output.signal({ kind: "phase", name: "restore" });
      const done = await runAll(input, place, resumed.map(([, one]) => one));
      for (const [i, [row]] of resumed.entries()) ends.set(row, done[i]);
    }
    const seconds = (performance.now() - started) / 1000;
    return showEnds(input, rows.map((row) => ({ row, ...ends.get(row)! })), seconds);
  } finally {
    for (const { close } of begun.values()) close();
  }
}

/** `--max-cost` holds for all of them together. */
function budgetOf(
  { options: { job, warmUp } }: ResumeInput,
  rows: readonly RestoreJobRow[],
): SharedBudget | undefined {
  if (job !== undefined || warmUp.budget === undefined) return undefined;
  return sharedBudget(warmUp.budget, rows.map((row) => spentOn(resumedOf(row))));
}

async function begin(
  input: ResumeInput,
  place: RestorePlace,
  row: RestoreJobRow,
  shared: SharedBudget | undefined,
): Promise<Begun> {
  const { wanted, ...wish } = wishOf(row);
  const deps = await place.deps(wish.to);
  const state = place.state(wanted);
  let prepared: PreparedRestore | undefined;
  const close = () => {
    prepared?.close();
    state.close();
  };
  try {
    prepared = await prepareRestore(deps, {
      ...{ ...wish, state, config: configDigest(input.job), workers: WORKERS, resume: row.job },
      warmUp: {
        ...{ ...warmUpOf(input, false), isUnattended: input.options.job === undefined },
        ...(shared === undefined ? {} : { shared, budget: undefined }),
      },
    });
    return { prepared, close, session: await restoreSession(prepared) };
  } catch (error) {
    close();
    throw error;
  }
}

function runAll(
  { signal, output, job, options: { warmUp } }: ResumeInput,
  { log, rest }: RestorePlace,
  begun: readonly Begun[],
): Promise<SessionEnd[]> {
  const { shipper } = begun[0].prepared.deps;
  const environment = systemEnvironment();
  const run = { log, environment, signal, shipper, config: configDigest(job), wait: warmUp.wait };
  return runSessions(
    { ...run, emit: output.signal, rest },
    begun.map(({ session }) => session),
  );
}

function showEnds(
  input: ResumeInput,
  ends: readonly (SessionEnd & { readonly row: RestoreJobRow })[],
  seconds: number,
): number {
  const { output, options: { job } } = input;
  const command = job === undefined ? "restore" as const : "restores resume" as const;
  for (const { row, ...end } of ends) {
    if (end.report === undefined) continue;
    const report = { ...end.report, exitCode: exitCodeOfAll([end]) };
    showRestore(input, report, { to: wishOf(row).to, seconds, isGuest: false, command });
  }
  const failed = ends.filter(({ failure }) => failure !== undefined);
  if (ends.length === 1 && failed.length === 1) throw failed[0].failure;
  for (const { row, failure } of failed) {
    const { message, hint } = failure!;
    const text = `restore ${row.job} has stopped: ${message}${
      hint === undefined ? "" : ` (${hint})`
    }`;
    output.signal({ kind: "notice", text });
  }
  return exitCodeOfAll(ends);
}
