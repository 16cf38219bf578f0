/** `1 file`, `12,345 files`, `2 entries`; the plural is the word with "s" unless it is given. */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${Number(count) === 1 ? one : many}`;
}

/** `12,345`. */
export function grouped(count: number | bigint): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `45 %`, `0.2 %`, never `100 %` before the end. */
export function percentOf(done: number, total: number): string {
  if (total <= 0) return "100 %";
  const percent = done / total * 100;
  if (done >= total) return "100 %";
  return percent < 1 ? `${percent.toFixed(1)} %` : `${Math.min(99, Math.floor(percent))} %`;
}
