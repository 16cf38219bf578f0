import { TIERS } from "../core/cold/restore_state.ts";
import { PRICE_UNITS, type PriceItem, type PriceRow } from "../core/cost/price.ts";
import { ARCHIVE_TIERS, STORAGE_CLASSES } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import { isTable, readTable } from "./config_table.ts";
import { readChoice, readText, readUsd, type ReadValue, wanted } from "./config_values.ts";
import { unusedPrice } from "./unused_price.ts";

const readDay: ReadValue<string> = (value) => {
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
  if (typeof text === "string" && isDay(text)) return text;
  throw wanted("the day on which it was read, such as 2026-11-21", value);
};

/** `2026-11-21`, or the month alone. */
function isDay(text: string): boolean {
  const date = new Date(text);
  return /^\d{4}-\d\d(-\d\d)?$/.test(text) && !isNaN(date.getTime()) &&
    date.toISOString().startsWith(text);
}

const readUnits: ReadValue<number> = (value) => {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw wanted("the units a month from which the price holds, such as 100", value);
};

/** The keys of `[[prices]]`. */
export const PRICE_KEYS = {
  region: readText,
  item: readChoice(...Object.keys(PRICE_UNITS) as PriceItem[]),
  storage_class: readChoice(...STORAGE_CLASSES, ...ARCHIVE_TIERS),
  tier: readChoice(...TIERS),
  from: readUnits,
  usd: readUsd,
  source: readText,
  date: readDay,
} satisfies Record<string, ReadValue<unknown>>;

const NEEDED = ["region", "item", "usd", "source", "date"] as const;

/** Reads `[[prices]]`: prices that go before the program's own, for every job of the config. */
export function readPrices(value: unknown, problems: Problems): PriceRow[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isTable)) {
    problems.add(["prices"], "expected tables", "write [[prices]] and the keys of one price below");
    return [];
  }
  const before = problems.count;
  const rows = value.flatMap((table, i) => readPrice(table, i, problems) ?? []);
  if (problems.count === before) checkSteps(rows, problems);
  return rows;
}

function readPrice(
  table: Record<string, unknown>,
  index: number,
  problems: Problems,
): PriceRow | undefined {
  const path = ["prices", index];
  const before = problems.count;
  const values = readTable(PRICE_KEYS, table, path, problems);
  const { region, item, storage_class, tier, from, usd, source, date } = values;
  for (const key of NEEDED) {
    if (table[key] !== undefined) continue;
    problems.add(path, `${key} is missing`, `a price has ${NEEDED.join(", ")}`);
  }
  // What a wrong value would have meant is not asked.
  const isRead = ([["storage_class", storage_class], ["tier", tier]] as const)
    .every(([key, found]) => (table[key] === undefined) === (found === undefined));
  const unused = isRead ? unusedPrice({ item, storageClass: storage_class, tier }) : [];
  for (const { key, what, hint } of unused) {
    problems.add(key === undefined ? path : [...path, key], what, hint);
  }
  if (problems.count > before) return undefined;
  return {
    ...{ region: region!, item: item!, usd: usd!, source: source!, date: date! },
    ...(storage_class === undefined ? {} : { storageClass: storage_class }),
    ...(tier === undefined ? {} : { tier }),
    ...(from === undefined ? {} : { from }),
  };
}

/** The rows of one price are its steps: each begins elsewhere, and the first one at 0. */
function checkSteps(rows: readonly PriceRow[], problems: Problems): void {
  const steps = rows.map((row, index) => ({ index, from: row.from ?? 0, name: nameOf(row) }));
  for (const same of Map.groupBy(steps, ({ name }) => name).values()) {
    same.sort((a, b) => a.from - b.from || a.index - b.index);
    const [{ index, from }] = same;
    if (from > 0) {
      const hint = "add the same price without `from`, or with from = 0";
      problems.add(["prices", index, "from"], `what is below ${from} has no price`, hint);
    }
    for (const [i, step] of same.entries()) {
      if (i === 0 || step.from !== same[i - 1].from) continue;
      const hint = "remove one of the two, or give each the `from` of its step";
      problems.add(["prices", step.index], `prices[${same[i - 1].index}] is the same price`, hint);
    }
  }
}

function nameOf({ region, item, storageClass, tier }: PriceRow): string {
  return JSON.stringify([region, item, storageClass, tier]);
}
