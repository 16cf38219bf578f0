import { HoldfastError } from "../error.ts";
import type { Money } from "./money.ts";
import { moneyText, usdText } from "./money_text.ts";

/** Known cost above which nothing is done, in US dollars. */
export type MaxCost = number | undefined;

/**
 * To be called after the plan and before the first paid request. Throws kind "cost" (exit code 6)
 * where the total is above the limit, or where a part of it is unknown and so may be.
 */
export function checkMaxCost(total: Money, limit: MaxCost): void {
  if (limit === undefined) return;
  if (total.usd > limit) {
    throw new HoldfastError("cost", `it costs ${moneyText(total)}, above ${usdText(limit)}`, {
      hint: "nothing was requested; raise --max-cost, or choose less or a slower tier",
    });
  }
  if (total.unknown.length === 0) return;
  const what = total.unknown.join("; ");
  throw new HoldfastError(
    "cost",
    `it costs ${moneyText(total)}, and ${
      usdText(limit)
    } is the limit: no price is known for ${what}`,
    {
      hint:
        "nothing was requested; add the prices to `prices` in the config, or leave --max-cost out",
    },
  );
}
