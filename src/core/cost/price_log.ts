import { chargeLines, type Cost, costOf } from "./cost.ts";
import type { Pricing } from "./price_storage.ts";

/** Objects that a run writes beside what it is for: two log segments, renames, a checkpoint. */
const LOG_REQUESTS = 4;

/** What shipping the log of a run costs, about: so that a run which stores nothing is not for nothing. */
export function priceLog({ prices, region }: Pricing): Cost {
  const what = "PUT requests of the log";
  const charge = {
    region,
    item: "put",
    storageClass: "STANDARD",
    amount: LOG_REQUESTS,
    what,
  } as const;
  return costOf(chargeLines(prices, [charge]));
}
