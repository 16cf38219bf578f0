import { nearest } from "../report/nearest.ts";
import { LATER_KEYS, type ValuesOf } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import type { ReadValue } from "./config_values.ts";
import type { TomlPath } from "./toml_lines.ts";

/** Reads the known keys of a table; names the unknown ones. */
export function readTable<Keys extends Record<string, ReadValue<unknown>>>(
  keys: Keys,
  table: Record<string, unknown>,
  path: TomlPath,
  problems: Problems,
  others: readonly string[] = [],
): ValuesOf<Keys> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(table)) {
    const place = [...path, key];
    if (Object.hasOwn(keys, key)) {
      values[key] = problems.attempt(place, () => keys[key](value));
    } else if (LATER_KEYS.has(key)) {
      problems.add(place, "not available in this version", "remove this line");
    } else {
      const near = nearest(key, [...Object.keys(keys), ...others, ...LATER_KEYS]);
      const known = `known keys: ${[...others, ...Object.keys(keys)].join(", ")}`;
      problems.add(place, "unknown key", near === undefined ? known : `did you mean ${near}?`);
    }
  }
  return values as ValuesOf<Keys>;
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}
