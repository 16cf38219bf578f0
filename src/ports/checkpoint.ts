import type { CheckpointRow } from "../core/checkpoint_chunks.ts";
import type { Genesis } from "../core/event/line.ts";
import type { JobLog, LogBase, LogHead, LogReader } from "./event_log.ts";

/** The projections of a log as they are at one moment, whoever appends meanwhile. */
export interface StateDump {
  readonly head: LogHead;
  /** Position of the last event that changed what a tree looks like. */
  readonly since: number;
  /** Version of the projections' tables. */
  readonly projections: number;
  /** SHA-256 of each table, as the replayer's. */
  digests(): Record<string, string>;
  /** Table by table, each in the order of its key. */
  rows(): Iterable<CheckpointRow>;
  close(): void;
}

/** Reads a state, to be put into a checkpoint. Throws kind "damage". */
export type DumpState = (log: LogReader) => StateDump;

/** What a database that begins at a checkpoint is made of. */
export interface BasePlace extends LogBase {
  /** Of each log up to the newest, oldest first. */
  readonly genesis: readonly Genesis[];
  readonly projections: number;
}

/** Makes a database that begins at a checkpoint. */
export interface BaseWriter {
  /** An object of the checkpoint, a zstd frame, in order. Throws kind "damage". */
  add(body: Uint8Array): void;
  /** Opens what was made. The caller closes it. */
  finish(): JobLog;
  /** Removes what was made. */
  discard(): void;
}

/** Where a database is cut. */
export interface CutPlace {
  readonly base: LogBase;
  /** A database that begins at the same place, made of the checkpoint. */
  readonly state: string;
  /** Now, ISO 8601. */
  readonly at: string;
}

/** Drops old events from a job's database. */
export interface LogCutter {
  /**
   * Deletes the events up to a place, but for those that are kept for their type, and lets the log
   * begin there: all or nothing. Returns how many were deleted.
   */
  cut(place: CutPlace): number;
  /** Gives the space back to the disk. Throws kind "disk-full": as much as stays is needed once more. */
  shrink(): void;
}
