import type { Tier } from "../cold/restore_state.ts";
import type { ArchiveStatus } from "../cost/restore_wait.ts";

/** A restore with a number (docs/decisions/restore_jobs.md). */
export interface RestoreJobRow {
  readonly job: number;
  /** Position of its RestorePlanned. */
  readonly position: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly state: RestoreJobState;
  /** JSON of the target folder's path. */
  readonly target: string;
  /** JSON of the paths and patterns (EventData RestorePlanned.selection). */
  readonly selection: string;
  /** Position of the state that is restored. */
  readonly restored: number;
  readonly overwrite: string;
  readonly tier: Tier;
  readonly days: number;
  /** Of all that was to be written when it was planned. */
  readonly entries: string;
  readonly bytes: string;
  /** Archived objects that it needs, and their bytes as stored. */
  readonly objects: number;
  readonly objectBytes: number;
  /** Billionths of a US dollar; null where a price was unknown, or nobody has set a limit. */
  readonly quoted: number | null;
  readonly approved: number | null;
  /** Spent on requests that the quote did not cover. */
  readonly extra: number;
  /** A slower tier may be taken where the service refuses the wanted one. */
  readonly slower: boolean;
  /** Bytes of content written so far. */
  readonly written: number;
  /** Exit code, once it is finished. */
  readonly outcome: number | null;
  /** ISO 8601, UTC; null while it is open. */
  readonly ended: string | null;
}

/**
 * "planning": it does not know all its objects yet, and has asked for none. "settling": that of
 * renames, which backups go on with.
 */
export type RestoreJobState = "planning" | "open" | "settling" | "finished" | "cancelled";

/** The number of what is warmed up for renames: there is one at a time, and it has no target. */
export const RENAMES_JOB = 0;

/** An archived object that an open job needs. `version` is "" for the current one. */
export interface RestoreObjectRow {
  readonly job: number;
  readonly key: string;
  readonly version: string;
  readonly storageClass: string;
  readonly archive: ArchiveStatus | null;
  /** Bytes as stored. */
  readonly size: number;
  /** How often it may be asked for: once for each time that a person has approved its price. */
  readonly allowed: number;
  /** How often it was asked for on behalf of this job. */
  readonly requests: number;
}

/**
 * An archived object that was asked for or is warm. Where no open job needs it, it is kept until the
 * restored copy must be gone.
 */
export interface WarmUpRow {
  readonly key: string;
  readonly version: string;
  readonly state: WarmUpState;
  readonly tier: Tier | null;
  /** On whose behalf it was asked for last; 0 where this log does not know. */
  readonly job: number;
  /** Position of the intent; 0 where there is none. */
  readonly asked: number;
  /** Milliseconds since 1970 of the intent. */
  readonly askedAt: number;
  /** For how long the copy was asked for, from when it is warm. */
  readonly days: number;
  /** Milliseconds since 1970 at which the restored copy goes; 0 where it is not known. */
  readonly expiry: number;
  /** By when the copy has gone for sure, likewise (core/cold/warmth.ts); 0 where nobody knows. */
  readonly ends: number;
  /** What it was before the intent, should that turn out not to have been asked. */
  readonly before: WarmUpState | "cold";
  readonly tierBefore: Tier | null;
}

/** "asked": intended, and nobody knows yet whether the request arrived. "expired": warm once, and cold. */
export type WarmUpState = "asked" | "warming" | "warm" | "expired";

/** Where the store has an object, other than as it was stored: moved by a rule, or by Intelligent-Tiering. */
export interface FoundClassRow {
  readonly key: string;
  /** "" for the current one. */
  readonly version: string;
  readonly storageClass: string;
  readonly archive: ArchiveStatus | null;
}

/** The restores' tables that the fold works on. */
export interface RestoreTables {
  restoreJob(job: number): RestoreJobRow | undefined;
  putRestoreJob(row: RestoreJobRow): void;
  putRestoreObject(row: RestoreObjectRow): void;
  restoreObject(job: number, object: ObjectId): RestoreObjectRow | undefined;
  /** Adds to the count of an awaited object's requests. */
  countRequest(job: number, object: ObjectId, more: number): void;
  /** What a job awaits, and warm-ups that no job awaits and that have ended by `now`. */
  dropRestoreObjects(job: number, now: number): void;
  isAwaited(object: ObjectId): boolean;
  warmUp(object: ObjectId): WarmUpRow | undefined;
  putWarmUp(row: WarmUpRow): void;
  removeWarmUp(object: ObjectId): void;
  /** Rows of an intent that has no outcome yet. */
  askedAt(position: number): WarmUpRow[];
  /** Also in what jobs await. */
  putFoundClass(row: FoundClassRow): void;
  /** Whether there is a warm-up or a found class at all. */
  hasObjectStates(): boolean;
  /** Another object is there now, or none. */
  forgetObjectState(object: ObjectId): void;
}

export interface ObjectId {
  readonly key: string;
  /** "" for the current one. */
  readonly version: string;
}
