import { addMoney, isKnown, type Money } from "../cost/money.ts";

/** One limit for several restores: first what each needs now, in their order, then equal parts. */
export interface SharedBudget {
  /** Called once a restore: how much of a price, in US dollars, is left. Of an unknown one nothing. */
  take(price: Money): number;
  /** US dollars: an equal part of what nobody has taken; below 0 where more was spent already. */
  part(): number;
}

/** `usd` of US dollars in all for restores of which each has cost `spent` so far. */
export function sharedBudget(usd: number, spent: readonly Money[]): SharedBudget {
  const before = addMoney(...spent);
  let left = isKnown(before) ? usd - before.usd : -Infinity;
  return {
    take(price) {
      const taken = isKnown(price) ? Math.max(0, Math.min(price.usd, left)) : 0;
      left -= taken;
      return taken;
    },
    part: () => left / spent.length,
  };
}
