import { moneyText } from "../core/cost/money_text.ts";
import { type EarlyTally, priceDeletion } from "../core/cost/price_deletion.ts";
import type { Pricing } from "../core/cost/price_storage.ts";
import { MINIMUM_DAYS } from "../core/plan/minimum_days.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";

/** `3 objects, 1.2 GiB, in DEEP_ARCHIVE for less than 180 days: the rest …, $0.01`. */
export function earlyText(sum: Readonly<EarlyTally>, pricing: Pricing): string {
  const { objects, bytes, byteDays, storageClass } = sum;
  const size = bytes === undefined ? "" : `${formatSize(bytes)}, `;
  const what = `${counted(objects, "object")}, ${size}in ${storageClass}`;
  const days = MINIMUM_DAYS[storageClass];
  if (days === undefined) return `${what}: whether the class has a minimum duration is not known`;
  if (byteDays === undefined) {
    return `${what}, perhaps for less than ${days} days: ` +
      "the rest of these days is charged, and nobody knows how much that is";
  }
  const fee = moneyText(priceDeletion({ requests: 0, early: [sum] }, pricing).total);
  return `${what} for less than ${days} days: the rest of these days is charged, ${fee}`;
}

/** What a backup says before it overwrites and deletes them. */
export function earlyLines(early: readonly Readonly<EarlyTally>[], pricing: Pricing): string[] {
  return early.map((sum) => `overwrites or deletes at most ${earlyText(sum, pricing)}`);
}
