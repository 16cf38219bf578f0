import { addMoney, knownMoney, type Money, unknownMoney } from "./money.ts";
import { PRICE_UNITS, type PriceQuery, type PriceRow, type Prices, priceSteps } from "./price.ts";

/** One line of a bill. */
export interface CostLine {
  readonly what: string;
  /** In `unit`: 2.5 of "1,000 requests" are 2,500 requests. */
  readonly quantity: number;
  readonly unit: string;
  /** US dollars a unit; undefined: unknown. */
  readonly unitPrice: number | undefined;
  readonly usd: number | undefined;
}

export interface Cost {
  readonly lines: readonly CostLine[];
  readonly total: Money;
}

export interface Charge extends PriceQuery {
  readonly what: string;
  /** Bytes, requests, objects or jobs. */
  readonly amount: number;
  /** Months, for what is paid by the month. */
  readonly months?: number;
}

/** The lines of charges that are not 0; one a step where the price has steps. */
export function chargeLines(prices: Prices, charges: readonly Charge[]): CostLine[] {
  return charges.filter(({ amount, months = 1 }) => amount > 0 && months > 0)
    .flatMap((charge) => stepLines(priceSteps(prices, charge), charge));
}

export function costOf(lines: readonly CostLine[]): Cost {
  const sums = lines.map(({ usd, what }) =>
    usd === undefined ? unknownMoney(what) : knownMoney(usd)
  );
  return { lines, total: addMoney(...sums) };
}

/** The cost of all of them. */
export function addCosts(...costs: readonly Cost[]): Cost {
  return costOf(costs.flatMap(({ lines }) => lines));
}

function stepLines(steps: readonly PriceRow[], charge: Charge): CostLine[] {
  const { what, item, amount, months = 1 } = charge;
  const { unit, per } = PRICE_UNITS[item];
  // Steps are of what a month is charged with: AWS counts bytes times hours, not bytes.
  const quantity = amount / per * months;
  if (steps.length === 0 || (steps[0].from ?? 0) > 0) {
    return [{ what, quantity, unit, unitPrice: undefined, usd: undefined }];
  }
  return steps.flatMap(({ from = 0, usd }, i) => {
    const part = Math.min(quantity, steps[i + 1]?.from ?? Infinity) - from;
    return part <= 0 ? [] : [{ what, quantity: part, unit, unitPrice: usd, usd: part * usd }];
  });
}
