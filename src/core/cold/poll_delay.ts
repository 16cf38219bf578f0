const SHORTEST = 200; // ms
const LONGEST = 30 * 60_000; // ms

/**
 * Milliseconds between two looks at what is warming: a hundredth of the longest wait, so that 48
 * hours cost a hundred looks, and five minutes are seen to be over within seconds.
 */
export function pollDelay(expectedMs: number): number {
  return Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(expectedMs / 100)));
}
