import type { Clock } from "../ports/environment.ts";

const LONGEST = 50_000_000n; // ns

/**
 * For long synchronous work: called between its steps, it lets a signal in now and then. Throws the
 * reason of one that has fired.
 */
export function breather(clock: Clock, signal: AbortSignal): () => Promise<void> | undefined {
  let last = clock.now();
  return () => {
    signal.throwIfAborted();
    const now = clock.now();
    if (now >= last && now - last < LONGEST) return undefined;
    last = now;
    return clock.sleep(0, signal);
  };
}
