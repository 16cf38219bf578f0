import { KEPT_EVENTS } from "../core/event/kept_events.ts";
import type { LogReader, StoredLine } from "../ports/event_log.ts";

/** What a log that was cut still has from before, oldest first; [] for any other. */
export function keptLines(log: LogReader): StoredLine[] {
  if (log.base?.cut === undefined) return [];
  const { position: to } = log.base;
  return KEPT_EVENTS.flatMap((type) => [...log.lines({ type, to })])
    .sort((a, b) => a.position - b.position);
}
