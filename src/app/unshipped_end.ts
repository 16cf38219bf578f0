import { segmentOfKey } from "../core/log_segment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { listSegments, lookAtSegment } from "./read_segment.ts";

/**
 * True where the log that was taken over has events here that the repository has not: whoever took
 * over had its database and not its key, so that nobody can ship them any more. What follows is then
 * found by a checkpoint only. One LIST and a HEAD or two.
 */
export async function hasUnshippedEnd(store: ObjectStore, log: JobLog): Promise<boolean> {
  const { parent } = log.genesis;
  if (parent === null || parent.position === 0) return false;
  const keys = (await listSegments(store, parent.log, { from: 1 }))
    .filter((key) => segmentOfKey(key)!.first <= parent.position);
  for (const key of keys.toReversed()) {
    const object = await lookAtSegment(store, key);
    if (object?.kind === "segment") return object.head.last < parent.position;
  }
  return true;
}
