const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * When a restored copy goes that is kept for `days` from `from` on (milliseconds since 1970): the
 * days are added, and the time is rounded up to the next midnight UTC (AWS: Restoring an archived
 * object, "How archive restore works with expiry"). A copy of 10:30 kept for 3 days goes at the end
 * of the third day after.
 */
export function restoredCopyExpiry(from: number, days: number): number {
  return (Math.floor(from / DAY_MS) + days + 1) * DAY_MS;
}
