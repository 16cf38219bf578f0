import { HoldfastError } from "../core/error.ts";
import { EXIT, exitCodeOf } from "../core/exit_code.ts";
import type { AnyNewEvent, EventData } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { type LogShipper, noShipping } from "./ship_log.ts";

/** 32 hex digits, drawn anew. */
export function newId(environment: Environment): string {
  return hex(environment.random.bytes(16));
}

export interface RunOptions {
  readonly command: string;
  /** SHA-256 of the job's config without secrets. */
  readonly config: string;
  /** What the person called the run. */
  readonly description?: string;
  /** Ships the log before the run's first write to the store and at its end; none for dry runs. */
  readonly shipper?: LogShipper;
  /** What is said before the run begins. */
  readonly opening?: readonly AnyNewEvent[];
}

/**
 * Brackets a run with RunStarted and RunFinished. Runs that a crash cut off are marked first. Where
 * the work throws, its exit code is what RunFinished records.
 */
export async function inRun<Result>(
  log: JobLog,
  environment: Environment,
  options: RunOptions,
  work: (run: string) => Promise<{ result: Result; outcome: number; totals: Totals }>,
): Promise<Result> {
  const run = newId(environment);
  const { shipper = noShipping } = options;
  await shipper.begin(run);
  if (options.opening !== undefined) log.append(run, options.opening);
  for (const open of log.index.openRuns()) {
    if (open.command !== options.command) continue;
    log.append(run, [{ type: "RunInterrupted", data: { run: open.run } }]);
  }
  const { hostname: host, user, pid, version } = environment;
  const { command, config, description } = options;
  const started = {
    ...{ command, job: log.genesis.job, host, user, pid, program: version, config },
    ...(description === undefined ? {} : { description }),
  };
  log.append(run, [{ type: "RunStarted", data: started }], { durable: true });
  let result: Result;
  try {
    await shipper.shipStart();
    const done = await work(run);
    const { outcome, totals } = done;
    log.append(run, [{ type: "RunFinished", data: { outcome, totals } }], { durable: true });
    result = done.result;
  } catch (error) {
    finishFailed(log, run, error);
    // What stopped the run is what is told.
    await shipper.end().catch(() => {});
    throw error;
  }
  await shipper.end();
  return result;
}

type Totals = EventData["RunFinished"]["totals"];

function finishFailed(log: JobLog, run: string, error: unknown): void {
  try {
    const outcome = error instanceof HoldfastError
      ? exitCodeOf(error.kind)
      : isAbort(error)
      ? EXIT.interrupted
      : EXIT.failed;
    const data = { outcome, totals: {} };
    log.append(run, [{ type: "RunFinished", data }], { durable: true });
  } catch {
    // A full disk or a damaged database: the next run marks this one as interrupted.
  }
}

/** What AbortSignal.throwIfAborted throws. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
