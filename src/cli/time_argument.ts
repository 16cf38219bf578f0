import { HoldfastError } from "../core/error.ts";
import { parseDuration } from "../core/size_text.ts";

/** A state to look at: of a position in the log, or of a time in ms since 1970. */
export type At =
  | { readonly kind: "position"; readonly position: number }
  | { readonly kind: "time"; readonly time: number };

/** A snapshot: its position, or the newest. */
export type SnapshotName = "latest" | number;

/** `--at`: digits are a position, all else a time; a date alone is the end of that day. */
export function parseAt(text: string, now: number): At {
  if (/^[0-9]+$/.test(text)) return { kind: "position", position: parsePosition(text) };
  return { kind: "time", time: parseTime(text, { now, dateMeans: "end" }) };
}

/** A state of `diff`: `latest` is the newest snapshot, `head` what is known now, all else as `--at`. */
export function parseState(
  text: string,
  now: number,
): At | { readonly kind: "head" } | { readonly kind: "snapshot"; readonly snapshot: "latest" } {
  if (text === "head") return { kind: "head" };
  if (text === "latest") return { kind: "snapshot", snapshot: text };
  return parseAt(text, now);
}

export function parseSnapshotName(text: string): SnapshotName {
  if (text === "latest") return text;
  if (/^[0-9]+$/.test(text)) return parsePosition(text);
  throw new HoldfastError("usage", `${JSON.stringify(text)} names no snapshot`, {
    hint: "write its position as holdfast snapshots lists it, or latest",
  });
}

function parsePosition(text: string): number {
  const position = Number(text);
  if (position >= 1 && Number.isSafeInteger(position)) return position;
  throw new HoldfastError("usage", `${text} is not a position`, {
    hint: "positions count from 1; holdfast log shows them",
  });
}

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Milliseconds since 1970 of `2026-05-01`, `2026-05-01 18:30`, `2026-05-01T18:30:00Z`, with an
 * offset, or of a duration ago (`7d`). Without a zone it is this machine's time. A date alone is the
 * first or the last millisecond of that day. Throws kind "usage".
 */
export function parseTime(
  text: string,
  options: { readonly now: number; readonly dateMeans: "start" | "end" },
): number {
  const match = form.exec(text);
  if (match === null) return ago(text, options.now);
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const date = [Number(year), Number(month) - 1, Number(day)] as const;
  if (hour === undefined) {
    const start = localTime(...date, 0, 0, 0, 0);
    checkDate(text, date, start);
    return options.dateMeans === "start" ? start : localTime(date[0], date[1], date[2] + 1) - 1;
  }
  const ms = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const clock = [Number(hour), Number(minute), Number(second ?? 0), ms] as const;
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) throw noTime(text);
  checkDate(text, date, localTime(...date));
  return zone === undefined
    ? localTime(...date, ...clock)
    : Date.UTC(...date, ...clock) - offsetMs(zone);
}

function localTime(year: number, month: number, day: number, ...clock: number[]): number {
  const [hour = 0, minute = 0, second = 0, ms = 0] = clock;
  return new Date(year, month, day, hour, minute, second, ms).getTime();
}

/** 30 February is refused instead of becoming March. */
function checkDate(text: string, [year, month, day]: readonly number[], time: number): void {
  const date = new Date(time);
  const same = date.getFullYear() === year && date.getMonth() === month && date.getDate() === day;
  if (!same) throw noTime(text);
}

function offsetMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone[0] === "-" ? -1 : 1) * minutes * 60_000;
}

function ago(text: string, now: number): number {
  let duration: number;
  try {
    duration = parseDuration(text);
  } catch {
    throw noTime(text);
  }
  return now - duration;
}

function noTime(text: string): HoldfastError {
  return new HoldfastError("usage", `${JSON.stringify(text)} is not a time`, {
    hint: "write 2026-05-01, 2026-05-01T18:30, 2026-05-01T18:30:00Z, or 7d for seven days ago",
  });
}
