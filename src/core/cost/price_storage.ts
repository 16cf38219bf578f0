import { type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import type { Prices } from "./price.ts";
import type { StorageTally } from "./storage_tally.ts";

/** Where prices come from, for all that is priced. */
export interface Pricing {
  readonly prices: Prices;
  /** See price_region.ts. */
  readonly region: string;
}

/**
 * What it costs to keep objects for a month: their bytes at the rate of each class, what an archived
 * object adds (32 KB at its rate, 8 KB at Standard's), the least size of IA and Instant Retrieval,
 * the watching by Intelligent-Tiering. AWS: Amazon S3 pricing, Storage.
 */
export function priceStorage(
  tallies: Iterable<Readonly<StorageTally>>,
  { prices, region }: Pricing,
): Cost {
  const charges = [...tallies].flatMap((tally) => storageCharges(tally, region));
  return costOf(chargeLines(prices, charges));
}

function storageCharges(
  { storageClass, billed, standard, watched }: Readonly<StorageTally>,
  region: string,
): Charge[] {
  const overhead = `what S3 keeps of archived objects in Standard (${storageClass})`;
  return [
    {
      ...{ region, item: "storage", storageClass, amount: billed },
      what: `storage in ${storageClass} for a month`,
    },
    {
      ...{ region, item: "storage", storageClass: "STANDARD", amount: standard },
      what: `${overhead} for a month`,
    },
    {
      ...{ region, item: "monitoring", storageClass, amount: watched },
      what: `monitoring of ${storageClass} for a month`,
    },
  ];
}
