import { HoldfastError } from "../core/error.ts";
import type { LogReader } from "../ports/event_log.ts";
import type { Replay } from "../ports/replay.ts";
import { lastCheckpoint } from "./checkpoint_due.ts";

/** Compares the newest checkpoint with a replay when that comes by its position. */
export interface CheckpointProof {
  /** Throws kind "damage" where the replay has made something else by then. */
  at(position: number): void;
  /** Position of the checkpoint that was found equal. */
  proven(): number | undefined;
}

/** `version`: of the tables that the replay makes; digests of other tables say nothing. */
export function checkpointProof(log: LogReader, replay: Replay, version: number): CheckpointProof {
  const last = lastCheckpoint(log);
  const wanted = last?.projections === version ? last : undefined;
  let proven: number | undefined;
  return {
    at(position) {
      if (wanted === undefined || position !== wanted.position) return;
      const made = replay.digests();
      const table = Object.keys(made).find((name) => made[name] !== wanted.digests[name]);
      if (table !== undefined) {
        throw new HoldfastError(
          "damage",
          `the checkpoint at position ${position} does not follow from the events before it: its ` +
            `${table} are others`,
          { context: { position } },
        );
      }
      proven = position;
    },
    proven: () => proven,
  };
}
