import { isKnown, type Money } from "../cost/money.ts";
import type { RestoreJobRow, RestoreObjectRow } from "../index/restore_rows.ts";
import { billionthsOf } from "./billionths.ts";

/** Whether the price of another request for an object was approved. */
export function isCovered(object: Pick<RestoreObjectRow, "allowed" | "requests">): boolean {
  return object.requests < object.allowed;
}

/** What may still be spent on requests that the quote does not cover, in billionths of a dollar. */
export function allowanceOf(
  { quoted, approved, extra }: Pick<RestoreJobRow, "quoted" | "approved" | "extra">,
): number {
  if (quoted === null || approved === null) return 0;
  return Math.max(0, approved - quoted - extra);
}

/** An unknown cost fits nowhere. */
export function fits(cost: Money, allowance: number): boolean {
  return isKnown(cost) && billionthsOf(cost.usd) <= allowance;
}
