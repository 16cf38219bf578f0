import type { Warmth } from "./warmth.ts";

/** An object while a process waits for it. Times in milliseconds since 1970. */
export interface WaitedFor {
  readonly warmth: Warmth;
  /** When it was asked for, or when the process began to look. */
  readonly from: number;
  /** Milliseconds: the longest that its warm-up takes; 0 where nobody knows. */
  readonly wait: number;
  /** At which its restored copy goes; 0 where it is not known. */
  readonly expiry: number;
}

/**
 * How an object is to be looked at: "not", "listed" (as far as a page of LIST tells of it beside
 * others), "closely" (by a HEAD of its own, where LIST does not tell).
 */
export type Look = "not" | "listed" | "closely";

const HOUR = 3_600_000;
/** How often that is looked at of which nothing is expected. */
const SELDOM = 6 * HOUR;
/** Before its expiry nobody looks at a warm object. */
const SOON = HOUR;

/**
 * A look costs money: a page of LIST tells of a thousand objects, a HEAD of one. So each object is
 * looked at closely only a few times: after a tenth, half and all of its wait, and then seldom. What is
 * warm is not looked at until it is about to expire. `last` is the time of the look before this one.
 */
export function lookDue(object: WaitedFor, last: number, now: number): Look {
  if (object.warmth === "unknown") return "closely";
  const marks = marksOf(object);
  const passed = marks(now);
  if (object.warmth === "warm" && passed === 0) return "not";
  return passed > marks(last) ? "closely" : "listed";
}

/** How many of the times at which an object is to be looked at have come. */
function marksOf({ warmth, from, wait, expiry }: WaitedFor): (at: number) => number {
  switch (warmth) {
    case "warm":
      if (expiry === 0) return () => 0;
      return (at) => at < expiry - SOON ? 0 : at < expiry ? 1 : 2 + repeated(at - expiry, SELDOM);
    case "warming":
      if (wait === 0) break;
      return (at) => {
        const waited = at - from;
        if (waited >= wait) return 3 + repeated(waited - wait, wait / 2);
        return waited >= wait / 2 ? 2 : waited >= wait / 10 ? 1 : 0;
      };
  }
  return (at) => repeated(at - from, SELDOM);
}

function repeated(time: number, period: number): number {
  return Math.floor(time / period);
}
