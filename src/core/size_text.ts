import { HoldfastError } from "./error.ts";

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  pib: 2 ** 50,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const number = /^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$/;

/**
 * Bytes of `16 MiB`, `1.5 GiB`, `500 MB` or `4096`. Units of 1,024 end in "iB", units of 1,000 in
 * "B"; case does not matter. Throws kind "usage".
 */
export function parseSize(text: string): number {
  const [, value, unit] = number.exec(text.trim()) ?? [];
  const factor = unit === "" ? 1 : SIZE_UNITS[unit?.toLowerCase()];
  const bytes = Number(value) * factor;
  if (!Number.isSafeInteger(bytes)) {
    throw new HoldfastError("usage", `${JSON.stringify(text)} is not a size`, {
      hint: sizeHint(value, unit),
    });
  }
  return bytes;
}

function sizeHint(value: string | undefined, unit: string | undefined): string {
  const short = /^[kmgtp]$/i.test(unit ?? "") ? `${value} ${unit?.toUpperCase()}iB` : undefined;
  if (short !== undefined) return `write ${short}`;
  return "write whole bytes or a number with a unit, such as 16 MiB";
}

/** Milliseconds of `30d`, `12h`, `90 s`, `2w`, `1.5h`; a unit is needed. Throws kind "usage". */
export function parseDuration(text: string): number {
  const [, value, unit] = number.exec(text.trim()) ?? [];
  const ms = Number(value) * DURATION_UNITS[unit?.toLowerCase()];
  if (!Number.isSafeInteger(ms)) {
    throw new HoldfastError("usage", `${JSON.stringify(text)} is not a duration`, {
      hint: "write a number with ms, s, min, h, d or w, such as 30d",
    });
  }
  return ms;
}

const SIZE_NAMES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `1.5 KiB`, `16 MiB`: three significant digits, no trailing zeros. */
export function formatSize(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_NAMES.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return `${value} B`;
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${Number(value.toFixed(digits))} ${SIZE_NAMES[unit]}`;
}

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`, `3 d 4 h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
