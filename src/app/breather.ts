import { HoldfastError } from "../core/error.ts";
import type { Clock } from "../ports/environment.ts";

const LONGEST = 50_000_000n; // ns

/**
 * For long synchronous work: called between its steps, it lets a signal in now and then. Throws kind
 * "interrupted" where one has fired.
 */
export function breather(clock: Clock, signal: AbortSignal): () => Promise<void> | undefined {
  let last = clock.now();
  return () => {
    if (signal.aborted) throw new HoldfastError("interrupted", "interrupted");
    const now = clock.now();
    if (now >= last && now - last < LONGEST) return undefined;
    last = now;
    return clock.sleep(0, signal);
  };
}
