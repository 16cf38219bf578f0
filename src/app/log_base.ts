import { HoldfastError } from "../core/error.ts";
import type { JobLog, LogBase, LogReader } from "../ports/event_log.ts";

/**
 * Throws kind "gone" where the state at a position cannot be made: the log begins behind it, at a
 * checkpoint that the database was rebuilt from, or cut at.
 */
export function refuseBeforeBase({ base }: LogReader, position: number): void {
  if (base !== undefined && position < base.since) throw historyGone(base);
}

export function historyGone({ position, cut }: LogBase): HoldfastError {
  const context = { position };
  if (cut !== undefined) {
    return new HoldfastError("gone", `${historyText(position)}: it was cut there`, {
      context,
      hint: "it is in the repository: run the command again where that can be reached",
    });
  }
  return new HoldfastError(
    "gone",
    `${historyText(position)}: it was rebuilt from the checkpoint there`,
    {
      context,
      hint: "ask for a later state; where another copy of the database is left, it has the rest",
    },
  );
}

/** Whether the state of a kept snapshot cannot be made of what a database has that begins there. */
export function hasKeptBefore({ index }: JobLog, { since }: Pick<LogBase, "since">): boolean {
  return index.snapshots().some(({ forgotten, position }) => forgotten === 0 && position < since);
}

/** Position from which on snapshots can be had: what was cut is in the repository. */
export function lookableSince({ base }: LogReader): number {
  return base === undefined || base.cut !== undefined ? 0 : base.since;
}

export function historyText(base: number): string {
  return `the history before position ${base} is not on this machine`;
}
