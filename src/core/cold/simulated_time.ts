import { isKind } from "../error.ts";
import { parseDuration } from "../size_text.ts";
import { timeOfIso } from "../time_text.ts";

/**
 * What a simulated clock shows when the real time is `real` (milliseconds since 1970). The text is a
 * duration by which it is ahead (`+48h`, also several: `+48h +30min`), or a moment at which it
 * stands still (`2026-12-01T00:00:00Z`). Without text it is the real time; undefined where the text
 * is neither.
 */
export function simulatedTime(text: string | undefined, real: number): number | undefined {
  if (text === undefined) return real;
  const trimmed = text.trim();
  return trimmed.startsWith("+") ? timeAhead(trimmed, real) : momentOf(trimmed);
}

function timeAhead(text: string, real: number): number | undefined {
  try {
    return text.slice(1).split("+").reduce((time, part) => time + parseDuration(part), real);
  } catch (error) {
    if (isKind(error, "usage")) return undefined;
    throw error;
  }
}

function momentOf(text: string): number | undefined {
  const [, whole, fraction = ""] = /^([-\d]+T[\d:]+)(?:\.(\d{1,3}))?Z$/.exec(text) ?? [];
  const time = timeOfIso(`${whole}.${fraction.padEnd(3, "0")}Z`);
  return Number.isNaN(time) ? undefined : time;
}
