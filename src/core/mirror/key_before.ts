import { bytesOfText } from "../path_text.ts";

/** Of all that can be in a key hardly anything comes behind it (UTF-8; private use). */
const HIGHEST = "\u{10FFFD}";
/** Below it are control characters, which no key has, and the blank. */
const LOWEST = 0x21;

/**
 * A text that comes before a key in the order of bytes, and that hardly any key lies between: to begin
 * a list at the key (ListObjectsV2 StartAfter). At most `mostBytes` long in UTF-8. "" for the beginning.
 */
export function keyBefore(key: string, mostBytes: number): string {
  const points = [...key];
  const last = points.pop()?.codePointAt(0) ?? 0;
  const start = points.join("");
  if (last <= LOWEST) return start;
  const text = `${start}${String.fromCodePoint(pointBefore(last))}${HIGHEST}`;
  return bytesOfText(text).length > mostBytes ? start : text;
}

/** Surrogates are no characters of their own. */
function pointBefore(point: number): number {
  return point === 0xe000 ? 0xd7ff : point - 1;
}
