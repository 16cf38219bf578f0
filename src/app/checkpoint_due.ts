import { CHECKPOINT_AFTER_BYTES, CHECKPOINT_AFTER_ENTRIES } from "../core/checkpoint.ts";
import type { EventData } from "../core/event/event.ts";
import type { LogReader } from "../ports/event_log.ts";
import { openBatchJobs } from "./batch_jobs_log.ts";

/** The checkpoints that the log knows of, oldest first. */
export function checkpointsOf(log: LogReader): EventData["LogCheckpointed"][] {
  return [...log.events({ type: "LogCheckpointed" })]
    .flatMap((event) => event.type === "LogCheckpointed" ? [event.data] : []);
}

export function lastCheckpoint(log: LogReader): EventData["LogCheckpointed"] | undefined {
  return checkpointsOf(log).at(-1);
}

/**
 * True where a rebuild would have so much to read behind the last checkpoint that another one is
 * worth it. A job that ships little never writes one. While AWS works on a Batch job there is none
 * either: what is known of it only events say.
 */
export function isCheckpointDue(log: LogReader): boolean {
  const operations = ["restore", "checksum"] as const;
  if (operations.some((operation) => openBatchJobs(log, operation).length > 0)) return false;
  const last = lastCheckpoint(log)?.position ?? log.base?.position ?? 0;
  let [entries, bytes] = [0, 0];
  for (const event of log.events({ type: "LogSegmentShipped", from: last + 1 })) {
    if (event.type !== "LogSegmentShipped") continue;
    entries += event.data.entries ?? 0;
    bytes += event.data.bytes ?? 0;
  }
  return entries >= CHECKPOINT_AFTER_ENTRIES || bytes >= CHECKPOINT_AFTER_BYTES;
}
