import type { LockMode, LockSetting } from "./object_lock.ts";

/** What the log says of the locks of what it has stored; times in milliseconds since 1970. */
export interface KnownLocks {
  /** The whole pass that was made last: what is needed and was stored up to there is kept until then. */
  readonly pass: { readonly through: number; readonly until: number } | undefined;
  /** Something was stored that no pass and no setting of a lock is known of. */
  readonly hasUnlocked: boolean;
  /** Some of it may be without: it was taken over, a check has found it, or the pass could not lock it. */
  readonly hasGaps: boolean;
  /** When the first object was stored that only the setting locks; undefined where there is none. */
  readonly oldest: number | undefined;
}

/**
 * What a pass is about. "all": each object is locked for the whole time. "gaps": those that are locked
 * until `enough` (ms since 1970) are left as they are, so each is looked at first, which costs a tenth
 * of extending it or less.
 */
export type DuePass = { readonly is: "all" } | { readonly is: "gaps"; readonly enough: number };

/** Uploads in parts are locked when they begin, and recorded when they are done. */
const RECORDED_LATE = 0.98;

/**
 * Whether something has less than half of the lock left, as far as the log knows. One pass then
 * extends all: so each object is asked for about twice in the time of a lock, however many runs there
 * are. Undefined where nothing is to be done.
 */
export function duePass(known: KnownLocks, { ms }: LockSetting, now: number): DuePass | undefined {
  if (known.hasUnlocked) return { is: "all" };
  const ends = [
    ...(known.pass === undefined ? [] : [known.pass.until]),
    ...(known.oldest === undefined ? [] : [known.oldest + ms * RECORDED_LATE]),
  ];
  const enough = Math.min(...ends);
  if (enough < now + ms / 2) return { is: "all" };
  return known.hasGaps ? { is: "gaps", enough } : undefined;
}

/** An interrupted pass goes on where it was, as long as that locks for three quarters of the time. */
export function mayGoOn(until: number, { ms }: LockSetting, now: number): boolean {
  return until >= now + ms * 3 / 4;
}

/** Whether a lock of one mode is as good as one of the other. */
export function coversMode(mode: LockMode, wanted: LockMode): boolean {
  return mode === "compliance" || wanted === "governance";
}
