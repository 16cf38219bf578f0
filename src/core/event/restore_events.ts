import type { Tier } from "../cold/restore_state.ts";
import type { JsonPath } from "../path_text.ts";

/** Events of restores, and of the warm-ups that they ask for (docs/decisions/restore_jobs.md). */
export interface RestoreEventData {
  RestorePlanned: {
    to: JsonPath;
    position: number;
    entries: string;
    bytes: string;
    overwrite: string;
    /** Number of the restore; with it all that whoever resumes it needs. */
    job?: number;
    /** Number 0: moved objects are warmed up, and backups copy them to the keys of their paths. */
    renames?: true;
    selection?: { paths: JsonPath[]; include: string[]; exclude: string[] };
    tier?: Tier;
    days?: number;
    /** Archived objects that it needs (ObjectsAwaited follows), and their bytes as stored. */
    objects?: number;
    objectBytes?: string;
    /** US dollars as decimal digits; left out where a price is unknown. */
    quote?: string;
    /** US dollars that may be spent in all; left out where nobody has set a limit. */
    approved?: string;
    /** A slower tier may be taken where the service refuses the wanted one. */
    slower?: true;
  };
  /** Archived objects that a restore needs; `last` where it knows all of them. */
  ObjectsAwaited: { job: number; objects: AwaitedObject[]; last?: true };
  /** Intent: these objects will be asked for. */
  WarmUpPlanned: {
    job: number;
    tier: Tier;
    /** Left out for what stays warm (Intelligent-Tiering). */
    days?: number;
    objects: ArchivedObject[];
    /** US dollars as decimal digits, of what the job's quote does not cover. */
    cost?: string;
  };
  /** All objects of an intent were asked for, but the `others`; without an intent these alone. */
  WarmUpRequested: {
    job: number;
    /** Position of the WarmUpPlanned. */
    intent?: number;
    others?: (ArchivedObject & { answer: WarmUpAnswer; reason?: string })[];
    /** Part of the intent's cost that was not spent. */
    unspent?: string;
  };
  ObjectWarm: { objects: (ArchivedObject & { expiry?: string })[] };
  RestoredCopyExpired: { objects: ArchivedObject[] };
  /** The store has these in another class or archive tier than the log knew. */
  StorageClassesFound: { objects: FoundClass[] };
  /** A person approves more: US dollars in all, another tier, a slower one where it is refused. */
  RestoreApproved: {
    job: number;
    /** US dollars of the requests that this approves, of each object once more. */
    quote?: string;
    approved?: string;
    tier?: Tier;
    days?: number;
    slower?: true;
  };
  RestoreCancelled: { job: number; reason: string };
  EntriesRestored: { entries: string; bytes: string; failed: RestoreFailure[]; job?: number };
  RestoreFinished: {
    outcome: number;
    entries: string;
    bytes: string;
    failed: string;
    job?: number;
  };
}

/** An object of an archive class. */
export interface ArchivedObject {
  key: string;
  /** Left out for the current one. */
  version?: string;
}

export interface FoundClass extends ArchivedObject {
  class: string;
  /** Of INTELLIGENT_TIERING: the archive tier that it was found in; left out where it is in none. */
  archive?: "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS";
}

export interface AwaitedObject extends FoundClass {
  /** Bytes as stored. */
  size: string;
  /** Its request is in the quote. */
  quoted?: true;
}

/**
 * "under way": an earlier request is. "warm": its copy is kept for longer. "not asked": the request
 * never arrived, or was refused. "unknown": no answer came.
 */
export type WarmUpAnswer = "under way" | "warm" | "not asked" | "unknown";

export interface RestoreFailure {
  path: JsonPath;
  reason: string;
}
