import { HoldfastError } from "../core/error.ts";
import { parseRateLimit, type RateLimit } from "../core/rate_limit.ts";
import { checkRecipientList } from "../core/recipient.ts";
import type { MaxDelete } from "../core/scan/delete_guard.ts";
import { parseDuration, parseSize } from "../core/size_text.ts";
import { nearest } from "../report/nearest.ts";

/**
 * Readers of single config values: each takes what the TOML parser gave and returns the value, or
 * throws kind "usage" saying what was expected. Hand-written instead of zod: importing zod costs
 * every command 14 ms at start (zod/mini 10 ms), and lines, keys and suggestions would be ours anyway.
 */
export type ReadValue<T> = (value: unknown) => T;

export const readText: ReadValue<string> = (value) => {
  if (typeof value !== "string" || value === "" || value.includes("\0")) {
    throw wanted("a text in quotes", value);
  }
  return value;
};

/** May be empty: `ignore_file = ""` turns it off. */
export const readFileName: ReadValue<string> = (value) => {
  if (typeof value !== "string" || /[/\0]/.test(value)) {
    throw wanted('a file name without "/"', value);
  }
  return value;
};

export const readFlag: ReadValue<boolean> = (value) => {
  if (typeof value !== "boolean") throw wanted("true or false", value);
  return value;
};

export function readChoice<const T extends string>(...choices: T[]): ReadValue<T> {
  return (value) => {
    if (choices.includes(value as T)) return value as T;
    const near = typeof value === "string" ? nearest(value, choices) : undefined;
    const hint = near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
    const names = choices.map((choice) => JSON.stringify(choice));
    throw wanted(names.length > 2 ? `one of ${names.join(", ")}` : names.join(" or "), value, hint);
  };
}

export function readWhole(least: number, most: number): ReadValue<number> {
  return (value) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    throw wanted(`a whole number from ${least} to ${most}`, value);
  };
}

export function readSize(least: number, most: number, range: string): ReadValue<number> {
  return (value) => {
    const bytes = typeof value === "string" ? parseSize(value) : value;
    if (typeof bytes === "number" && Number.isInteger(bytes) && bytes >= least && bytes <= most) {
      return bytes;
    }
    throw wanted(`a size from ${range}`, value);
  };
}

/** US dollars, as in `max_cost = 5` or `usd = 0.0036`. */
export const readUsd: ReadValue<number> = (value) => {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw wanted("US dollars as a number, such as 2.50", value, "write it without quotes and $");
};

/** Milliseconds of `"30d"`; a number alone has no unit. */
export const readDuration: ReadValue<number> = (value) => {
  const duration = typeof value === "string" ? parseDuration(value) : 0;
  if (duration > 0) return duration;
  const hint = typeof value === "number" ? `write "${value}d" for days` : undefined;
  throw wanted('a duration such as "30d"', value, hint);
};

/** `"10 MiB"` a second, bytes, or a list of parts of the day: `["08:00-18:00 2 MiB"]`. */
export const readRateLimit: ReadValue<RateLimit> = (value) => {
  const parts = Array.isArray(value) ? value : [typeof value === "number" ? `${value}` : value];
  if (parts.length > 0 && parts.every((part) => typeof part === "string")) {
    return parseRateLimit(parts);
  }
  throw wanted(
    'bytes a second such as "10 MiB", or a list with times of the day',
    value,
    'such as ["08:00-18:00 2 MiB", "18:00-08:00 none"]',
  );
};

export const readPatterns: ReadValue<readonly string[]> = (value) => {
  if (!Array.isArray(value)) throw wanted("a list of patterns", value);
  for (const pattern of value) {
    if (typeof pattern !== "string" || pattern.trim() === "" || pattern.includes("\n")) {
      throw wanted("patterns of one line in quotes", pattern);
    }
  }
  return value;
};

export const readExceptions: ReadValue<readonly string[]> = (value) => {
  const patterns = readPatterns(value);
  const negated = patterns.find((pattern) => pattern.startsWith("!"));
  if (negated !== undefined) {
    throw new HoldfastError("usage", `exception ${JSON.stringify(negated)} starts with "!"`, {
      hint: `write ${
        JSON.stringify(negated.slice(1))
      }: include takes back in what exclude leaves out`,
    });
  }
  return patterns;
};

/** A secret that stands there by mistake is not repeated. */
export const readRecipients: ReadValue<readonly string[]> = (value) => {
  if (!Array.isArray(value) || value.some((recipient) => typeof recipient !== "string")) {
    throw new HoldfastError("usage", "expected a list of age recipients in quotes", {
      hint: 'write ["age1…"], even for one; holdfast key generate makes one',
    });
  }
  checkRecipientList(value);
  return value;
};

/** `500` entries, `"5 %"`, or `"5 %/1000"`: the smaller one. */
export const readMaxDelete: ReadValue<MaxDelete> = (value) => {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) {
    return { percent: 100, entries: value };
  }
  const match = /^([0-9]+(?:\.[0-9]+)?) ?%(?: ?\/ ?([0-9][0-9,]*))?$/.exec(String(value));
  const percent = Number(match?.[1]);
  if (match === null || percent > 100) {
    throw wanted('a number of entries, "5 %" or "5 %/1000"', value);
  }
  const entries = match[2] === undefined ? Number.MAX_SAFE_INTEGER : match[2].replaceAll(",", "");
  return { percent, entries: Number(entries) };
};

// deno-lint-ignore no-control-regex -- control characters are what is refused
const unfitForName = /[/\x00-\x1f\x7f]|^\.\.?$|^\.holdfast/;

/** A name as the first part of a path: no "/", not hidden from the repository's own folder. */
export const readSourceName: ReadValue<string> = (value) => {
  const name = readText(value);
  if (unfitForName.test(name)) {
    throw wanted('a name without "/", not "." or "..", not starting with ".holdfast"', value);
  }
  return name;
};

export const JOB_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export function checkJobName(name: string): string {
  if (!JOB_NAME.test(name)) {
    throw new HoldfastError("usage", `${JSON.stringify(name)} is not a job name`, {
      hint: "up to 64 of a-z, 0-9, _ and -, beginning with a letter or digit",
    });
  }
  return name;
}

export function wanted(what: string, value: unknown, hint?: string): HoldfastError {
  return new HoldfastError("usage", `expected ${what}, found ${shown(value)}`, { hint });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  return JSON.stringify(value);
}
