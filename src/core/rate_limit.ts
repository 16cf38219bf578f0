import { HoldfastError } from "./error.ts";
import { parseSize } from "./size_text.ts";

/** A part of the day and what may be sent or received in it. */
export interface RateWindow {
  /** Minutes of the day, 0 to 1439. */
  readonly from: number;
  /** Minutes of the day, 1 to 1440, not in the window any more; not after `from` goes past midnight. */
  readonly to: number;
  /** Bytes a second; undefined for no limit. */
  readonly rate: number | undefined;
}

/** Bytes a second by local time of the day: the first window that holds a minute decides. */
export type RateLimit = readonly RateWindow[];

export const NO_LIMIT: RateLimit = [];

const DAY = 24 * 60;

/** Bytes a second in a minute of the day (0 to 1439, local time); undefined for no limit. */
export function rateAt(limit: RateLimit, minute: number): number | undefined {
  return limit.find((window) => holds(window, minute))?.rate;
}

function holds({ from, to }: RateWindow, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/**
 * Reads `10 MiB`, `none`, or parts of the day such as `08:00-18:00 2 MiB`; one part without a time
 * is for the rest of the day, which has no limit otherwise. Throws kind "usage".
 */
export function parseRateLimit(parts: readonly string[]): RateLimit {
  const windows = parts.map(parseWindow);
  const rest = windows.filter(({ timed }) => !timed);
  if (rest.length > 1) {
    throw new HoldfastError("usage", "two limits have no time of the day", {
      hint: 'give one for the rest of the day, the others as "08:00-18:00 2 MiB"',
    });
  }
  const timed = windows.filter((window) => window.timed);
  refuseOverlaps(timed.map(({ window }) => window));
  return [...timed, ...rest].map(({ window }) => window)
    .filter(({ rate }, _, all) => rate !== undefined || all.length > 1);
}

function parseWindow(text: string): { window: RateWindow; timed: boolean } {
  const [, from, to, rest] = /^\s*(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)\s+(.*)$/.exec(text) ?? [];
  if (rest === undefined) {
    return { window: { from: 0, to: DAY, rate: parseRate(text) }, timed: false };
  }
  const window = { from: minuteOf(from), to: minuteOf(to), rate: parseRate(rest) };
  if (window.from === DAY || window.from === window.to) throw notTimes(from, to);
  return { window, timed: true };
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(":").map(Number);
  const minute = hours * 60 + minutes;
  if (minutes < 60 && minute <= DAY) return minute;
  throw new HoldfastError("usage", `${text} is not a time of the day`, {
    hint: "write 00:00 to 24:00",
  });
}

function notTimes(from: string, to: string): HoldfastError {
  return new HoldfastError("usage", `${from}-${to} is no part of the day`, {
    hint: "leave the times out for a limit of the whole day",
  });
}

function parseRate(text: string): number | undefined {
  const size = text.trim().replace(/\s*\/\s*s$/i, "");
  if (size.toLowerCase() === "none") return undefined;
  const rate = parseSize(size);
  if (rate >= LEAST_RATE) return rate;
  throw new HoldfastError("usage", `a limit of ${rate} bytes a second lets nothing through`, {
    hint: 'write 1 KiB or more, or "none" for no limit',
  });
}

/** Below it a request of a few headers would take minutes. */
const LEAST_RATE = 1024;

function refuseOverlaps(windows: readonly RateWindow[]): void {
  for (const [i, window] of windows.entries()) {
    const other = windows.slice(0, i).find((before) =>
      holds(before, window.from) || holds(window, before.from)
    );
    if (other === undefined) continue;
    throw new HoldfastError(
      "usage",
      `${partOfDay(window)} and ${partOfDay(other)} hold the same minutes`,
      { hint: "let each part of the day begin where the one before ends" },
    );
  }
}

function partOfDay({ from, to }: RateWindow): string {
  return `${timeOfDay(from)}-${timeOfDay(to)}`;
}

function timeOfDay(minute: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** False where no minute of the day has a limit. */
export function isLimited(limit: RateLimit): boolean {
  return limit.some(({ rate }) => rate !== undefined);
}
