import type { Cost, CostLine } from "../core/cost/cost.ts";
import { moneyText, usdText } from "../core/cost/money_text.ts";
import type { UploadCost } from "../core/cost/price_upload.ts";
import type { Money } from "../core/cost/money.ts";
import { grouped } from "./count_text.ts";
import type { PriceRecord } from "./records.ts";

/** `  PUT requests to DEEP_ARCHIVE: 2,500 at $0.05 per 1,000 requests = $0.125`. */
export function costLine({ what, quantity, unit, unitPrice, usd }: CostLine): string {
  const amount = `  ${what}: ${amountText(quantity, unit)}`;
  if (unitPrice === undefined || usd === undefined) return `${amount}, no price is known`;
  return `${amount} at ${unitText(unitPrice)} per ${unit} = ${usdText(usd)}`;
}

/** `2,500` of "1,000 requests", `1.5 GB-month`. */
function amountText(quantity: number, unit: string): string {
  const per = Number(/^[0-9,]+(?= )/.exec(unit)?.[0].replaceAll(",", ""));
  return Number.isNaN(per)
    ? `${quantityText(quantity)} ${unit}`
    : grouped(Math.round(quantity * per));
}

/** The lines of a cost, and last `LABEL: $1.50`, `LABEL: at least $1.50 + unknown`. */
export function costLines(cost: Cost, label: string): string[] {
  return [...cost.lines.map(costLine), `${label}: ${moneyText(cost.total)}`];
}

/** `price: $0.31, and $0.99 more a month`. */
export function uploadCostLines({ once, monthly }: UploadCost): string[] {
  const more = monthly.lines.length === 0 ? "" : `, and ${moneyText(monthly.total)} more a month`;
  return [
    ...[...once.lines, ...monthly.lines].map(costLine),
    `price: ${moneyText(once.total)}${more}`,
  ];
}

/** `what`: "plan", "month" or "restore". */
export function priceRecord(
  what: PriceRecord["of"],
  { lines, total }: Cost,
  more: Pick<PriceRecord, "tier" | "wait" | "paths"> = {},
): PriceRecord {
  return {
    ...{ record: "price", of: what, ...more, ...moneyFields(total) },
    lines: lines.map(({ what, quantity, unit, unitPrice, usd }) => ({
      ...{ what, quantity, unit, unit_usd: unitPrice ?? null, usd: usd ?? null },
    })),
  };
}

/** The known part, and what is unknown. */
export function moneyFields({ usd, unknown }: Money): { usd: number; unknown: readonly string[] } {
  return { usd: rounded(usd), unknown };
}

/** To a millionth of a dollar, so that sums of floats have no tails. */
function rounded(usd: number): number {
  return Number(usd.toFixed(6));
}

/** A price of a unit is told whole: DEEP_ARCHIVE's is $0.00099. */
function unitText(usd: number): string {
  return usd === 0 ? "$0" : `$${Number(usd.toPrecision(6))}`;
}

function quantityText(quantity: number): string {
  if (quantity >= 1000) return grouped(Math.round(quantity));
  return String(Number(quantity.toPrecision(3)));
}
