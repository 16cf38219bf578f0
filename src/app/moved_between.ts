import type { AnyEvent } from "../core/event/event.ts";
import { movedPaths } from "../core/index/moved_paths.ts";
import type { PathText } from "../core/path_text.ts";
import type { LogReader } from "../ports/event_log.ts";

/** Files by their path in the one state, with their path in the other. */
export interface Moves {
  readonly ofA: ReadonlyMap<PathText, PathText>;
  readonly ofB: ReadonlyMap<PathText, PathText>;
}

/** The files that have another path in the state at position `b` than in that at `a`. */
export function movedBetween(log: LogReader, a: number, b: number): Moves {
  const moved = movedPaths();
  for (const event of movingEvents(log, Math.min(a, b) + 1, Math.max(a, b))) moved.take(event);
  const forward = new Map<PathText, PathText>();
  const back = new Map<PathText, PathText>();
  for (const { from, to } of moved.pairs()) {
    forward.set(from, to);
    back.set(to, from);
  }
  return a <= b ? { ofA: forward, ofB: back } : { ofA: back, ofB: forward };
}

/** In order; where no source got another name, the events of the one type that matters. */
function movingEvents(log: LogReader, from: number, to: number): Iterable<AnyEvent> {
  for (const _ of log.lines({ from, to, type: "SourceRenamed" })) return log.events({ from, to });
  return log.events({ from, to, type: "EntriesObserved" });
}
