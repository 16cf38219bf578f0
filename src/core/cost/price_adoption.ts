import { addCosts, type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import { priceLog } from "./price_log.ts";
import type { Pricing } from "./price_storage.ts";
import { quoteRestore } from "./quote_restore.ts";

/** What an adoption asks of the store. */
export interface AdoptionTally {
  readonly lists: number;
  readonly heads: number;
  /** Objects that are read whole, by class: none that would have to be warmed up. */
  readonly reading: ReadonlyMap<string, { readonly objects: number; readonly bytes: number }>;
}

/** AWS, Amazon S3 pricing: a LIST costs what a PUT to Standard does, a HEAD what a GET does. */
export function priceAdoption(
  { lists, heads, reading }: AdoptionTally,
  pricing: Pricing & { readonly egress: boolean },
): Cost {
  const { prices, region } = pricing;
  const standard = { region, storageClass: "STANDARD" };
  const charges: Charge[] = [
    { ...standard, item: "put", amount: lists, what: "LIST requests" },
    { ...standard, item: "get", amount: heads, what: "HEAD requests, as of Standard" },
  ];
  const groups = [...reading].map(([storageClass, { objects, bytes }]) => ({
    ...{ storageClass, objects: 0, bytes, fetched: bytes, gets: objects },
  }));
  // Nothing is warmed up: neither tier nor days matter.
  const read = quoteRestore(groups, { ...pricing, tier: "Bulk", days: 0 });
  return addCosts(costOf(chargeLines(prices, charges)), read, priceLog(pricing));
}
