import { addCosts } from "./cost.ts";
import { type EarlyTally, priceDeletion } from "./price_deletion.ts";
import { priceLog } from "./price_log.ts";
import type { Pricing } from "./price_storage.ts";
import { priceUploadPlan, type UploadCost, type UploadTally } from "./price_upload.ts";

/** What is stored again, and what is overwritten for it. */
export interface HealPlan {
  readonly entries: number;
  readonly bytes: number;
  readonly uploads: readonly Readonly<UploadTally>[];
  /** Damaged objects that are overwritten before the minimum duration of their class. */
  readonly early: readonly Readonly<EarlyTally>[];
}

/** What it costs to store again what was lost: once, and each month as if all of it were missing. */
export function priceHeal({ uploads, early }: HealPlan, pricing: Pricing): UploadCost {
  const { once, monthly } = priceUploadPlan(uploads, pricing);
  const fees = priceDeletion({ requests: 0, early }, pricing);
  return { once: addCosts(once, fees, priceLog(pricing)), monthly };
}
