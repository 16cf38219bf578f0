import type { HeldSpace } from "../core/lock/held_space.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { formatDuration, formatSize } from "../core/size_text.ts";
import { isoTime } from "../core/time_text.ts";
import { counted } from "./count_text.ts";

const DAY = 86_400_000;

/** `30 days`, or the duration where it is no whole days. */
export function lockTime(ms: number): string {
  return ms % DAY === 0 ? counted(ms / DAY, "day") : formatDuration(ms);
}

/** `for 30 days (governance)` */
export function lockSettingText({ mode, ms }: LockSetting): string {
  return `for ${lockTime(ms)} (${mode})`;
}

/** `2026-12-22`, in UTC: locks end at some second of that day, or later for the last of many. */
export function lockDate(until: number): string {
  return isoTime(until).slice(0, 10);
}

/** `locks keep 3 objects or versions, 12 MiB, that nothing needs: reclaimable on 2026-12-22` */
export function heldText({ objects, bytes, from, until }: HeldSpace): string {
  const [first, last] = [lockDate(from), lockDate(until)];
  const when = first === last ? `on ${last}` : `from ${first} on, all of it on ${last}`;
  return `locks keep ${counted(objects, "object or version", "objects or versions")}, ${
    formatSize(bytes)
  }, ` +
    `that nothing needs: reclaimable ${when}`;
}
