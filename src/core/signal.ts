import type { PathText } from "./path_text.ts";

/**
 * Progress: what a use case tells while it works. Shown and forgotten, never an event, and nothing
 * may depend on a signal being seen. A use case may emit as often as it likes (once a batch is
 * enough); whoever shows signals throttles them.
 */
export type Signal =
  | PhaseSignal
  | ScanSignal
  | UploadSignal
  | RestoreSignal
  | UpkeepSignal
  | ReplaySignal
  | RebuildSignal
  | NoticeSignal
  | EntryErrorSignal;

export type SignalSink = (signal: Signal) => void;

export type PhaseName =
  | "probe" // asking the store what it can do
  | "scan"
  | "upload"
  | "ship" // sending log segments
  | "checkpoint" // sending the index
  | "lock" // extending locks, or asking for them
  | "restore"
  | "wait" // for what is archived to become warm
  | "read" // looking what packs at hand have
  | "rebuild" // reading the log back from the repository
  | "replay" // folding events into projections
  | "list" // asking the store what it holds
  | "check" // comparing the index with the store
  | "prune" // deleting what nothing needs
  | "undo"
  | "verify"; // checking the hash chain

/** A new phase begins; counters of the phase before are final. */
export interface PhaseSignal {
  readonly kind: "phase";
  readonly name: PhaseName;
  /** Source name, file name or the like, where the phase is about one. */
  readonly subject?: string;
}

/** Totals of this run's scan so far, over all sources. */
export interface ScanSignal {
  readonly kind: "scan";
  readonly entries: number;
  readonly bytes: number;
  /** The folder being read. */
  readonly path: PathText;
}

/** Entries and content bytes uploaded so far, of how many. */
export interface UploadSignal {
  readonly kind: "upload";
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly totalBytes: number;
  /** An entry being uploaded now. */
  readonly current: PathText;
}

/** Entries and content bytes written so far, of how many. */
export interface RestoreSignal {
  readonly kind: "restore";
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly current: PathText;
}

/** Entries, objects or packs dealt with so far, and their bytes. */
export interface UpkeepSignal {
  readonly kind: "check" | "prune" | "undo" | "read";
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly current: PathText;
}

/** Events read so far, of how many: in the phases "replay" and "verify". */
export interface ReplaySignal {
  readonly kind: "replay";
  readonly done: number;
  readonly total: number;
}

/** Log segments read back so far, of how many are known. */
export interface RebuildSignal {
  readonly kind: "rebuild";
  readonly done: number;
  readonly total: number;
}

/** Something a person should know, but that is no failure: a feature the store lacks, say. */
export interface NoticeSignal {
  readonly kind: "notice";
  readonly text: string;
}

/** One entry could not be read, stored or restored; the run goes on and ends with exit code 3. */
export interface EntryErrorSignal {
  readonly kind: "entry-error";
  readonly path: PathText;
  readonly reason: string;
}
