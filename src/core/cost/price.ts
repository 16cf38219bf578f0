import type { Tier } from "../cold/restore_state.ts";

/** What a store charges for, with the unit of its price. A GB is 2^30 bytes, as AWS counts. */
export const PRICE_UNITS = {
  /** Per class. */
  "storage": { unit: "GB-month", per: 2 ** 30 },
  /** PUT, COPY and POST, by the class that is written; the requests of an upload in parts, too. */
  "put": { unit: "1,000 requests", per: 1000 },
  /** GET and HEAD, by the class that is read. */
  "get": { unit: "1,000 requests", per: 1000 },
  /** DELETE and the abort of an upload. */
  "delete": { unit: "1,000 requests", per: 1000 },
  /** Bytes read from a class that charges for it; per tier where the class has tiers. */
  "retrieval": { unit: "GB", per: 2 ** 30 },
  /** RestoreObject, per class and tier. */
  "retrieval-request": { unit: "1,000 requests", per: 1000 },
  /** Out of AWS to the internet. */
  "egress": { unit: "GB", per: 2 ** 30 },
  /** Intelligent-Tiering's watching of objects of 128 KB and more. */
  "monitoring": { unit: "1,000 objects a month", per: 1000 },
  "batch-job": { unit: "job", per: 1 },
  "batch-object": { unit: "1,000,000 objects", per: 1e6 },
  /** Bytes that Batch Operations' Compute checksum reads. */
  "checksum": { unit: "GB", per: 2 ** 30 },
} as const satisfies Record<string, { unit: string; per: number }>;

/** A month of storage, and of a fee: minimum durations are multiples of it. */
export const MONTH_DAYS = 30;

export type PriceItem = keyof typeof PRICE_UNITS;

/** One price, with where it was read and when. */
export interface PriceRow {
  /** AWS's region code; for another store what `priceRegion` calls it, such as its endpoint. */
  readonly region: string;
  readonly item: PriceItem;
  readonly storageClass?: string;
  readonly tier?: Tier;
  /** Units a month from which the price holds, for a price with steps; 0 where left out. */
  readonly from?: number;
  /** US dollars a unit. */
  readonly usd: number;
  /** The page, post or bill that says so. */
  readonly source: string;
  /** `2026-06` or `2026-06-10`: when that was read or written. */
  readonly date: string;
}

export interface Prices {
  readonly rows: readonly PriceRow[];
}

/** What a price is asked for. */
export interface PriceQuery {
  readonly region: string;
  readonly item: PriceItem;
  readonly storageClass?: string;
  readonly tier?: Tier;
}

/** The rows of a price, by step; [] where it is unknown. */
export function priceSteps({ rows }: Prices, query: PriceQuery): readonly PriceRow[] {
  return rows.filter((row) => isSamePrice(row, query))
    .sort((a, b) => (a.from ?? 0) - (b.from ?? 0));
}

/** A row of `own` replaces every step of the same price in `base`. */
export function withPrices(base: Prices, own: readonly PriceRow[]): Prices {
  const kept = base.rows.filter((row) => !own.some((other) => isSamePrice(row, other)));
  return { rows: [...kept, ...own] };
}

function isSamePrice(row: PriceRow, query: PriceQuery): boolean {
  return row.region === query.region && row.item === query.item &&
    row.storageClass === query.storageClass && row.tier === query.tier;
}
