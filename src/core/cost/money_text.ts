import { isKnown, type Money } from "./money.ts";

/** What is not worth a digit. */
const TINY = 0.00005;

/** `$0`, `$0.0042`, `$1.50`, `$1,234.50`: cents from one dollar on, else three significant digits. */
export function usdText(usd: number): string {
  if (usd === 0) return "$0";
  if (usd >= 0.9995) {
    const [whole, cents] = usd.toFixed(2).split(".");
    return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
  }
  if (usd < TINY) return "less than $0.0001";
  return `$${Number(usd.toPrecision(usd < 0.001 ? 1 : 3))}`;
}

/** `$1.50`; `at least $1.50 + unknown`; `unknown`. */
export function moneyText(money: Money): string {
  if (isKnown(money)) return usdText(money.usd);
  return money.usd < TINY ? "unknown" : `at least ${usdText(money.usd)} + unknown`;
}
