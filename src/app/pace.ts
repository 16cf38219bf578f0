import type { Clock } from "../ports/environment.ts";

/**
 * Spaces requests evenly: each call resolves when its turn has come, in the order of the calls. A
 * pause earns no burst.
 */
export function pace(perSecond: number, clock: Clock, signal: AbortSignal): () => Promise<void> {
  const apart = 1000 / perSecond;
  let next = 0;
  return async () => {
    const now = Number(clock.now()) / 1e6;
    const turn = Math.max(now, next);
    next = turn + apart;
    if (turn - now >= 1) await clock.sleep(Math.ceil(turn - now), signal);
    signal.throwIfAborted();
  };
}
