import { HoldfastError } from "../core/error.ts";
import { type ExitCode, exitCodeOf, worstExitCode } from "../core/exit_code.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { prepareRestore } from "./prepare_restore.ts";
import type { RestoreDeps, RestoreOptions, RestoreReport } from "./restore_deps.ts";
import { type RestoreSession, restoreSession } from "./restore_session.ts";
import { inRun } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";

/**
 * Writes the selected entries of a state below the target's folder. What is archived is asked for
 * first, and written as far as it is warm: the rest another call goes on with, which names the restore
 * (`resume`). Throws kind "key" before that where the objects are encrypted and no identity opens
 * them; "cost" where it costs more than it may.
 */
export async function restore(
  deps: RestoreDeps,
  options: RestoreOptions & Partial<Pick<SessionsRun, "wait" | "rest">>,
): Promise<RestoreReport> {
  const prepared = await prepareRestore(deps, options);
  try {
    const session = await restoreSession(prepared);
    const { shipper } = prepared.deps;
    const { config, wait = false, rest = () => {} } = options;
    const [end] = await runSessions({ ...deps, shipper, config, wait, rest }, [session]);
    if (end.failure !== undefined) throw end.failure;
    return end.report!;
  } finally {
    prepared.close();
  }
}

export interface SessionsRun {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly emit: SignalSink;
  readonly shipper: LogShipper;
  readonly config: string;
  /** Until nothing is warming any more. */
  readonly wait: boolean;
  /** Lets go of what is open for reading: before each wait, and between two restores. */
  readonly rest: () => void;
}

/** How a restore has come to its end in this process: with a report, or by what has stopped it. */
export interface SessionEnd {
  /** Also where what can be read is restored, and the store asks for nothing. */
  readonly report?: RestoreReport;
  readonly failure?: HoldfastError;
}

/**
 * One run for several restores, which take turns. What stops one of them does not stop the others.
 * Declined ones are left as they are. Returns their ends in the same order.
 */
export async function runSessions(
  { log, environment, signal, emit, shipper, config, wait, rest }: SessionsRun,
  all: readonly RestoreSession[],
): Promise<SessionEnd[]> {
  const ends = new Map<RestoreSession, SessionEnd>();

  async function each(work: (session: RestoreSession) => Promise<void> | void): Promise<void> {
    for (const session of all) {
      if (ends.has(session)) continue;
      try {
        await work(session);
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.kind === "interrupted") throw error;
        ends.set(session, { failure: error });
      }
      if (all.length > 1) rest();
    }
  }

  async function untilNothingWarms(run: string): Promise<void> {
    for (;;) {
      const open = all.filter((session) => !ends.has(session));
      const delays = open.flatMap((session) => session.delay() ?? []);
      if (delays.length === 0) return;
      rest();
      emit({ kind: "phase", name: "wait" });
      await environment.clock.sleep(Math.min(...delays), signal);
      emit({ kind: "phase", name: "restore" });
      await each(async (session) => {
        await session.look(run);
        await session.step(run);
      });
      await shipper.shipIfDue();
    }
  }

  await each(async (session) => {
    if (!await session.approve()) ends.set(session, { report: session.declined() });
  });
  const ended = () => all.map((session) => ends.get(session)!);
  if (ends.size === all.length) return ended();
  return await inRun(log, environment, { command: "restore", config, shipper }, async (run) => {
    await each((session) => session.begin(run));
    await each((session) => session.step(run));
    if (wait) await untilNothingWarms(run);
    await each(async (session) => {
      const report = await session.end(run);
      const { failure } = session;
      ends.set(session, failure === undefined ? { report } : { report, failure });
    });
    return { result: ended(), outcome: exitCodeOfAll(ended()), totals: totalsOf(ended()) };
  });
}

/** What several restores end with together. */
export function exitCodeOfAll(ends: readonly SessionEnd[]): ExitCode {
  return worstExitCode(ends.flatMap(({ report, failure }) => [
    ...(report === undefined ? [] : [report.exitCode]),
    ...(failure === undefined ? [] : [exitCodeOf(failure.kind)]),
  ]));
}

function totalsOf(ends: readonly SessionEnd[]) {
  const total = (of: (report: RestoreReport) => number) =>
    ends.reduce((sum, { report }) => sum + (report === undefined ? 0 : of(report)), 0).toString();
  return {
    ...{ entries: total(({ entries }) => entries), bytes: total(({ bytes }) => bytes) },
    failed: total(({ failed }) => failed),
  };
}
