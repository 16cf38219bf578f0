import type { WarmUpRow } from "../core/index/restore_rows.ts";
import type { JobLog } from "../ports/event_log.ts";
import { openBatchJobs } from "./batch_jobs_log.ts";

/**
 * Positions of the intents whose objects an open Batch job has asked for, or will: what the store says
 * of these objects meanwhile does not tell that nobody asks for them.
 */
export function batchIntents(log: JobLog): ReadonlySet<number> {
  return new Set(openBatchJobs(log, "restore").flatMap(({ planned }) => planned.intents ?? []));
}

/** Whether an object is an open Batch job's to ask for. */
export function isHeld(row: WarmUpRow | undefined, intents: ReadonlySet<number>): boolean {
  return row?.state === "asked" && intents.has(row.asked);
}
