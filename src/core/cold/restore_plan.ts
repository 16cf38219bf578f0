import type { RestoreQuote } from "../cost/quote_restore.ts";
import type { Tier } from "./restore_state.ts";

/** What a restore will do, before it asks for anything. */
export interface RestorePlan {
  readonly job: number;
  readonly isResumed: boolean;
  readonly tier: Tier;
  readonly days: number;
  /** To be written in all. */
  readonly entries: number;
  readonly bytes: number;
  readonly cold: ObjectCount;
  readonly warming: ObjectCount;
  readonly warm: ObjectCount;
  /** Objects whose request has to be approved now. */
  readonly asked: ObjectCount;
  /** Objects that are asked for, too: that was approved before. */
  readonly approved: ObjectCount;
  /** Of those that have to be approved; of a new restore with its downloads. */
  readonly quote: RestoreQuote;
  /** The same by every tier, the slowest first. */
  readonly choices: readonly TierChoice[];
  /** What is left to be downloaded of a resumed restore: its first plan had that in its quote. */
  readonly downloads: RestoreQuote | undefined;
}

export interface TierChoice {
  readonly tier: Tier;
  readonly quote: RestoreQuote;
}

export interface ObjectCount {
  readonly objects: number;
  readonly bytes: number;
}
