import { isCold } from "../cost/restore_wait.ts";
import type { ArchiveStatus } from "../cost/restore_wait.ts";
import type { WarmUpRow } from "../index/restore_rows.ts";
import { NEVER_EXPIRES } from "./restore_header.ts";
import type { RestoreState } from "./restore_state.ts";

/** Whether an object can be read now. "unknown": the store has to be asked. */
export type Warmth = "cold" | "warming" | "warm" | "unknown";

/** What the store says of an object. */
export interface SeenObject {
  readonly storageClass: string;
  readonly archiveTier?: ArchiveStatus;
  readonly restore?: RestoreState;
}

/** An object that is gone counts as warm: its GET says so. */
export function warmthSeen(seen: SeenObject | undefined): Exclude<Warmth, "unknown"> {
  if (seen === undefined) return "warm";
  if (seen.restore !== undefined) return seen.restore.kind;
  return isCold(seen.storageClass, seen.archiveTier) ? "cold" : "warm";
}

const DAY = 24 * 3_600_000;
/** The longest wait of all (Bulk from DEEP_ARCHIVE), and a day for what is late. */
const LONGEST_WAIT = 3 * DAY;

/**
 * When nothing is left for sure of a warm-up, in milliseconds since 1970: its restored copy has gone by
 * then. 0 where nobody knows, and for what stays readable (Intelligent-Tiering).
 */
export function endOfWarmUp(
  { state, expiry, askedAt, days }: Pick<WarmUpRow, "state" | "expiry" | "askedAt" | "days">,
): number {
  if (state === "expired" || expiry >= NEVER_EXPIRES) return 0;
  if (state === "warm" && expiry > 0) return expiry;
  return askedAt > 0 ? askedAt + LONGEST_WAIT + days * DAY : 0;
}

/**
 * What the log says of an object that is of an archive class. `now` in milliseconds since 1970: a copy
 * whose time is over counts as gone.
 */
export function warmthKnown(row: WarmUpRow | undefined, now: number): Warmth {
  if (row === undefined || (row.ends > 0 && now >= row.ends)) return "cold";
  switch (row.state) {
    case "expired":
      return "cold";
    case "asked":
      return "unknown";
    default:
      return row.state;
  }
}

/** What an event has to say where the store says something else than the log. */
export type WarmthNews = "warm" | "under way" | "expired" | "not asked" | undefined;

/** What a look at the store has told. `expiry` in milliseconds since 1970, 0 where there is none. */
export interface KnownWarmth {
  readonly warmth: Exclude<Warmth, "unknown">;
  readonly expiry: number;
}

/**
 * `now` in milliseconds since 1970: an intent without outcome whose object is cold was not asked for,
 * unless it is so old that its copy may have come and gone since, or a clock that was set back says
 * nothing about its age. A copy lives for its days at least.
 */
export function newsOf(
  row: WarmUpRow | undefined,
  { warmth, expiry }: KnownWarmth,
  now: number,
): WarmthNews {
  switch (warmth) {
    case "warm":
      return row?.state === "warm" && row.expiry === expiry ? undefined : "warm";
    case "warming":
      return row?.state === "warming" ? undefined : "under way";
    case "cold": {
      if (row === undefined || row.state === "expired") return undefined;
      if (row.state !== "asked") return "expired";
      const age = now - row.askedAt;
      return age >= 0 && age < Math.max(1, row.days) * DAY ? "not asked" : "expired";
    }
  }
}
