import type { AnyEvent } from "../core/event/event.ts";
import type { IndexModel, LogReader } from "./event_log.ts";

/** Folds a log anew into a temporary index. */
export interface Replayer {
  /** Version of the projections' tables. */
  readonly version: number;
  /**
   * The index before the log's first event, to be fed event by event: empty, or as at the log's base.
   * Its file is removed by `close`.
   */
  begin(log: LogReader): Replay;
  /** Rows in which the log's live projections and a replay to the same position differ, as sentences. */
  differences(log: LogReader, replay: Replay, limit: number): string[];
  /** Digest of each projected table of the live index, 64 hex digits by table name. */
  digests(log: LogReader): Record<string, string>;
  /** Puts the replay in place of the log's live projections, in one transaction. */
  adopt(log: LogReader, replay: Replay): void;
}

export interface Replay {
  readonly index: IndexModel;
  /** Throws kind "damage" where the event does not fit what came before. */
  project(event: AnyEvent): void;
  digests(): Record<string, string>;
  /** Lets go of every lock, so that the live database's connection can read along. */
  settle(): void;
  close(): void;
}
