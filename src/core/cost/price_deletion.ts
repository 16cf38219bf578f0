import { remainingDays } from "../plan/minimum_days.ts";
import { type Charge, chargeLines, type Cost, type CostLine, costOf } from "./cost.ts";
import { MONTH_DAYS } from "./price.ts";
import type { Pricing } from "./price_storage.ts";
import { billedBytes } from "./storage_tally.ts";

/** Objects of one class that go before its minimum storage duration. */
export interface EarlyTally {
  readonly storageClass: string;
  objects: number;
  /** Undefined where the size of one of them is not known. */
  bytes: number | undefined;
  /**
   * Billed bytes (storage_tally.ts) times days of the duration that are left, rounded up to whole
   * days; undefined where the class's minimum, or age or size of one of them, is not known.
   */
  byteDays: number | undefined;
}

export interface DeletedAt {
  readonly storageClass: string;
  /** As stored; undefined where nobody knows. */
  readonly bytes: number | undefined;
  /** Milliseconds since 1970; undefined where nobody knows. */
  readonly storedAt: number | undefined;
}

/** Counts an object that is deleted `now`, where that costs something or may do so. */
export function countEarly(
  tallies: Map<string, EarlyTally>,
  { storageClass, bytes, storedAt }: DeletedAt,
  now: number,
): void {
  // One that nobody knows the age of may be so old that it costs nothing, and is no known fee.
  const oldest = remainingDays(storageClass, storedAt ?? now, now);
  if (oldest === 0) return;
  const days = storedAt === undefined ? undefined : oldest;
  const byteDays = days === undefined || bytes === undefined
    ? undefined
    : billedBytes(storageClass, bytes) * days;
  const tally = tallies.get(storageClass) ?? noneEarly(storageClass);
  addEarly(tally, { storageClass, objects: 1, bytes, byteDays });
  tallies.set(storageClass, tally);
}

function noneEarly(storageClass: string): EarlyTally {
  return { storageClass, objects: 0, bytes: 0, byteDays: 0 };
}

function addEarly(sum: EarlyTally, { objects, bytes, byteDays }: Readonly<EarlyTally>): void {
  sum.objects += objects;
  sum.bytes = knownSum(sum.bytes, bytes);
  sum.byteDays = knownSum(sum.byteDays, byteDays);
}

function knownSum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** One for each class. */
export function earlyByClass(early: Iterable<Readonly<EarlyTally>>): EarlyTally[] {
  return [...Map.groupBy(early, ({ storageClass }) => storageClass)].map(([storageClass, same]) => {
    const sum = noneEarly(storageClass);
    for (const one of same) addEarly(sum, one);
    return sum;
  });
}

/** Objects that one DELETE request takes (AWS: DeleteObjects). */
const PER_DELETE = 1000;

export function deleteRequests(objects: number): number {
  return Math.ceil(objects / PER_DELETE);
}

/**
 * What a deletion costs: DELETE requests, and for early deletion what the rest of the minimum
 * duration would have cost: billed bytes ÷ 2^30 × the class's rate × days left ÷ 30. AWS: S3 pricing,
 * "a pro-rated charge equal to the storage charge for the remaining days".
 */
export function priceDeletion(
  deletion: { readonly requests: number; readonly early: Iterable<Readonly<EarlyTally>> },
  { prices, region }: Pricing,
): Cost {
  const early = [...deletion.early];
  const known = early.flatMap(({ storageClass, byteDays }): Charge[] =>
    byteDays === undefined ? [] : [{
      ...{ region, item: "storage", storageClass, amount: byteDays / MONTH_DAYS },
      what: `early deletion from ${storageClass}`,
    }]
  );
  const unknown = early.flatMap((tally) =>
    tally.byteDays === undefined ? [unknownLine(tally)] : []
  );
  const requests: Charge = {
    ...{ region, item: "delete", amount: deletion.requests, what: "DELETE requests" },
  };
  return costOf([...chargeLines(prices, [requests, ...known]), ...unknown]);
}

function unknownLine({ storageClass, objects }: Readonly<EarlyTally>): CostLine {
  const what = `early deletion from ${storageClass}`;
  const unit = objects === 1 ? "object" : "objects";
  return { what, quantity: objects, unit, unitPrice: undefined, usd: undefined };
}
