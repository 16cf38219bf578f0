import type { Clock } from "../ports/environment.ts";
import type { ObjectBody, ObjectStore } from "../ports/object_store.ts";

/** Bytes per second at a time in milliseconds since 1970; undefined for no limit, 0 for a pause. */
export type RateAt = (now: number) => number | undefined;

export interface RateLimits {
  readonly upload?: RateAt;
  readonly download?: RateAt;
}

/** Waits are cut to this, so that a rate that changes with the time of day is noticed. */
const STEP_MS = 100;

/**
 * The same store, whose bodies take at least as long as the limits say. All requests in flight share
 * one limit for each direction. A body in memory waits before it is sent, and is then sent at full
 * speed; streams wait for each chunk. Copies, deletions and lists are not held back. Where the
 * signal fires, what waits ends with kind "interrupted".
 */
export function limitStore(
  store: ObjectStore,
  { upload, download }: RateLimits,
  clock: Clock,
  signal?: AbortSignal,
): ObjectStore {
  return {
    ...store,
    // A folder store learns them with its first write.
    get features() {
      return store.features;
    },
    ...(upload === undefined ? {} : uploads(store, gate(upload, clock, signal))),
    ...(download === undefined ? {} : downloads(store, gate(download, clock, signal))),
  };
}

function uploads(
  store: ObjectStore,
  pass: Gate,
): Pick<ObjectStore, "put" | "uploadPart" | "putStream"> {
  return {
    async put(key, body, options) {
      await pass(body.length);
      return await store.put(key, body, options);
    },
    async uploadPart(key, uploadId, part, body) {
      await pass(body.length);
      return await store.uploadPart(key, uploadId, part, body);
    },
    putStream: (key, body, options) => store.putStream(key, slowed(body, pass), options),
  };
}

function downloads(store: ObjectStore, pass: Gate): Pick<ObjectStore, "get"> {
  return {
    async get(key, options): Promise<ObjectBody> {
      const { stream, head } = await store.get(key, options);
      return { stream: slowed(stream, pass), head };
    },
  };
}

function slowed(body: ReadableStream<Uint8Array>, pass: Gate): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      try {
        await pass(value.length);
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Resolves when this many bytes may be moved, in the order of the calls. */
type Gate = (bytes: number) => Promise<void>;

function gate(rateAt: RateAt, clock: Clock, signal: AbortSignal | undefined): Gate {
  let saved = 0;
  let filledAt = now(clock);
  let last: Promise<void> = Promise.resolve();

  const fill = (rate: number): void => {
    const at = now(clock);
    saved += rate * Math.max(0, at - filledAt) / 1000;
    filledAt = at;
  };

  const admit = async (bytes: number): Promise<void> => {
    let rate = rateAt(now(clock));
    fill(rate ?? 0);
    // What nobody used is kept for one step: a pause does not earn a burst.
    saved = Math.min(saved, (rate ?? 0) * STEP_MS / 1000);
    for (let left = bytes; rate !== undefined; rate = rateAt(now(clock))) {
      const taken = Math.min(left, saved);
      saved -= taken;
      left -= taken;
      if (left <= 0) return;
      await clock.sleep(waitFor(left, rate), signal);
      fill(rate);
    }
  };

  return (bytes) => {
    const mine = last.then(() => admit(bytes));
    last = mine.catch(() => {});
    return mine;
  };
}

/** At least a millisecond, which is as long as timers are exact. */
function waitFor(bytes: number, rate: number): number {
  const needed = rate > 0 ? Math.ceil(bytes / rate * 1000) : STEP_MS;
  return Math.min(STEP_MS, Math.max(1, needed));
}

function now(clock: Clock): number {
  return Number(clock.now()) / 1e6;
}
