import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Signer } from "../ports/signing.ts";
import type { SignalSink } from "../core/signal.ts";
import type { SegmentDeps } from "./read_segment.ts";
import { continuation } from "./rebuild_log.ts";
import { inRun } from "./run.ts";
import { logShipper } from "./ship_log.ts";
import { closeParentLog, positionBehind } from "./takeover_closing.ts";

export interface TakeoverDeps extends SegmentDeps {
  /** In step with the repository; its newest log is the one to be taken over, or one begun for it. */
  readonly log: JobLog;
  readonly environment: Environment;
  /** Of the new log. */
  readonly signer: Signer;
  readonly emit: SignalSink;
}

export interface TakeoverReport {
  /** Id of the new log. */
  readonly log: string;
  /** Where the one before it ended. */
  readonly position: number;
}

/**
 * Closes the job's log in the repository and goes on with a new one, of this machine. What is drawn
 * is in the database before anything is sent: repeated after any interruption, it finishes.
 */
export async function takeOver(
  deps: TakeoverDeps,
  options: { readonly config: string },
): Promise<TakeoverReport> {
  const { log, environment, signer } = deps;
  if (log.genesis.key !== signer.key) {
    const next = await positionBehind(deps, log.genesis.log, log.head().position);
    log.beginLog(continuation(log, environment, { key: signer.key, next }));
  }
  await closeParentLog(deps);
  const { log: id, parent } = log.genesis;
  const { log: before, position, hash } = parent!;
  const data = { log: before, position, hash, host: environment.hostname };
  const shipper = logShipper(deps);
  await inRun(log, environment, {
    ...{ command: "takeover", config: options.config, shipper },
    ...(isSaid(log) ? {} : { opening: [{ type: "TakenOver", data }] }),
  }, () => Promise.resolve({ result: undefined, outcome: 0, totals: {} }));
  return { log: id, position };
}

function isSaid(log: JobLog): boolean {
  for (const _ of log.lines({ type: "TakenOver", from: log.logs().at(-1)!.first })) return true;
  return false;
}
