import { type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import type { Pricing } from "./price_storage.ts";

/** Objects by class. */
export type LockTally = ReadonlyMap<string, number>;

/** What a pass over the locks will ask for. */
export interface LockPlan {
  readonly extended: LockTally;
  /** Whose lock is looked at first: those that have one are not extended. */
  readonly looked: LockTally;
}

export const NO_LOCKS: LockPlan = { extended: new Map(), looked: new Map() };

/**
 * PutObjectRetention, at the rate of a PUT to the class of the object, and GetObjectRetention at that
 * of a GET: AWS's price list names no other. A lock that is put with its object is free.
 */
export function priceLocks(
  { extended, looked = new Map() }: Pick<LockPlan, "extended"> & Partial<LockPlan>,
  { prices, region }: Pricing,
): Cost {
  const charges = (item: "put" | "get", objects: LockTally, what: string) =>
    [...objects].map(([storageClass, amount]): Charge => ({
      ...{ region, item, storageClass, amount },
      what: `requests to ${what} locks in ${storageClass}`,
    }));
  const all = [...charges("put", extended, "extend"), ...charges("get", looked, "look at")];
  return costOf(chargeLines(prices, all));
}
