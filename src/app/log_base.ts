import { HoldfastError } from "../core/error.ts";
import type { LogReader } from "../ports/event_log.ts";

/**
 * Throws kind "gone" where the state at a position cannot be made: the log begins behind it, at a
 * checkpoint that the database was rebuilt from.
 */
export function refuseBeforeBase({ base }: LogReader, position: number): void {
  if (base !== undefined && position < base.since) throw historyGone(base.position);
}

export function historyGone(base: number): HoldfastError {
  return new HoldfastError(
    "gone",
    `${historyText(base)}: it was rebuilt from the checkpoint there`,
    {
      context: { position: base },
      hint: "ask for a later state; where another copy of the database is left, it has the rest",
    },
  );
}

export function historyText(base: number): string {
  return `the history before position ${base} is not on this machine`;
}
