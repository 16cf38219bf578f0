/**
 * US dollars as events and tables keep them: exact, so that a replay adds up to the same. Tables hold
 * whole billionths, events decimal texts such as `0.0025`.
 */

/** Rounded up: what is approved is never less than what is paid. */
export function billionthsOf(usd: number): number {
  // 0.1 + 0.2 is no reason to ask again.
  return Math.ceil(Number((usd * 1e9).toFixed(3)));
}

export function usdOf(billionths: number): number {
  return billionths / 1e9;
}

export function usdDigits(billionths: number): string {
  const digits = billionths.toString().padStart(10, "0");
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  return text.replace(/\.?0+$/, "");
}

export function readUsdDigits(text: string): number {
  return Math.round(Number(text) * 1e9);
}
