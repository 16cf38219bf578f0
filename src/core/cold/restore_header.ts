import { timeOfIso } from "../time_text.ts";
import type { RestoreState } from "./restore_state.ts";

/**
 * Expiry of a copy that stays, in milliseconds since 1970: the last second of the year 9999. An
 * object of Intelligent-Tiering is warm without a date (AWS: Restoring objects from the Archive
 * Access tiers), and so is one that a store restores for good.
 */
export const NEVER_EXPIRES = 253_402_300_799_000;

/**
 * What `x-amz-restore` says (AWS: HeadObject): `ongoing-request="true"`, or `ongoing-request="false",
 * expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`. undefined where there is no header, or one that does
 * not say whether a request is under way.
 */
export function readRestoreHeader(header: string | undefined): RestoreState | undefined {
  const isOngoing = /\bongoing-request\s*=\s*"(true|false)"/i.exec(header ?? "")?.[1].toLowerCase();
  if (isOngoing === "true") return { kind: "warming" };
  if (isOngoing !== "false") return undefined;
  const date = /\bexpiry-date\s*=\s*"([^"]*)"/i.exec(header!)?.[1];
  const expiry = date === undefined ? NaN : timeOfHttpDate(date);
  // A date that cannot be read is no reason to take a readable object for a cold one.
  return { kind: "warm", expiry: Number.isNaN(expiry) ? NEVER_EXPIRES : expiry };
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Milliseconds since 1970 of an IMF-fixdate (RFC 9110, 5.6.7); NaN for all else. */
function timeOfHttpDate(text: string): number {
  const [, day, name, year, clock] =
    /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/.exec(text.trim()) ?? [];
  const month = MONTHS.indexOf(name) + 1;
  if (month === 0) return NaN;
  return timeOfIso(`${year}-${String(month).padStart(2, "0")}-${day}T${clock}.000Z`);
}
