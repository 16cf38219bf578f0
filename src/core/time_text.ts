/** Minutes east of UTC at a time in ms since 1970: what makes UTC the reader's time. */
export type ZoneOffset = (ms: number) => number;

export const UTC: ZoneOffset = () => 0;

interface Civil {
  readonly date: string;
  readonly clock: string;
}

/** `2026-05-01 18:30:00` in the zone. */
export function timeText(ms: number, zone: ZoneOffset): string {
  const { date, clock } = civil(Math.floor((ms + zone(ms) * 60_000) / 1000));
  return `${date} ${clock}`;
}

/** `2026-05-01T18:30:00.123Z`, RFC 3339. */
export function isoTime(ms: number): string {
  const { date, clock } = civil(Math.floor(ms / 1000));
  return `${date}T${clock}.${padded(((ms % 1000) + 1000) % 1000, 3)}Z`;
}

/** `2026-05-01T18:30:00.123456789Z` of nanoseconds since 1970: loses nothing. */
export function isoNanoseconds(ns: bigint): string {
  const second = 1_000_000_000n;
  const fraction = ((ns % second) + second) % second;
  const { date, clock } = civil(Number((ns - fraction) / second));
  return `${date}T${clock}.${padded(fraction, 9)}Z`;
}

/** `20260501T183000.123Z`: sorts by time and fits into a file name. */
export function fileTime(ms: number): string {
  return isoTime(ms).replaceAll(/[-:]/g, "");
}

/** Days since 1970 to a date of the proleptic Gregorian calendar (H. Hinnant, civil_from_days). */
function civil(seconds: number): Civil {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return {
    date: `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`,
    clock: clock.map((part) => padded(part, 2)).join(":"),
  };
}

function padded(value: number | bigint, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** Milliseconds since 1970 of what isoTime has written; NaN for all else. */
export function timeOfIso(text: string): number {
  const match = /^(-?\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/.exec(text);
  if (match === null) return NaN;
  const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number);
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  return seconds * 1000 + ms;
}

/** Days since 1970 (H. Hinnant, days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) +
    dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
