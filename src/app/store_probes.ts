import type { AnyEvent } from "../core/event/event.ts";
import type { LogReader } from "../ports/event_log.ts";

type StoreProbed = Extract<AnyEvent, { type: "StoreProbed" }>;

/** What the store was found to do, oldest first; a checkpoint keeps the last one before it. */
export function* probesOf(log: LogReader): Generator<StoreProbed> {
  const { probed } = log.base ?? {};
  if (probed !== undefined) yield JSON.parse(probed) as StoreProbed;
  for (const event of log.events({ type: "StoreProbed" })) {
    if (event.type === "StoreProbed") yield event;
  }
}
