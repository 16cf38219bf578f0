import type { BatchNeeds } from "../batch/batch_needs.ts";
import { type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import type { Pricing } from "./price_storage.ts";

/** What S3 Batch Operations adds to the price of what it asks for (AWS: S3 pricing, Management). */
export function batchCharges({ jobs, objects }: BatchNeeds, region: string): Charge[] {
  return [
    { region, item: "batch-job", amount: jobs, what: "Batch Operations jobs" },
    { region, item: "batch-object", amount: objects, what: "objects in Batch Operations jobs" },
  ];
}

/** Jobs that compute the checksums of what is stored: nothing is warmed up, copied or sent. */
export function priceChecksums(
  { bytes, ...needs }: BatchNeeds & { readonly bytes: number },
  { prices, region }: Pricing,
): Cost {
  const what = "checksums that AWS computes";
  return costOf(chargeLines(prices, [
    ...batchCharges(needs, region),
    { region, item: "checksum", amount: bytes, what },
  ]));
}
