import { HoldfastError } from "../../core/error.ts";
import type { Clock } from "../../ports/environment.ts";
import { type Failure, failureOf, isDamaged, isPassing, isUnanswered } from "./failure.ts";
import type { RetryPolicy } from "./options.ts";
import { type Call, type Place, storeError } from "./s3_error.ts";

export interface Retries {
  /**
   * Runs `attempt` until it succeeds, fails for good or the signal fires. An attempt that sends
   * more than one request counts those without an answer in `tries.unanswered` itself.
   */
  run<T>(call: Call, attempt: (tries: Tries) => Promise<T>): Promise<T>;
}

export interface Tries {
  /** Attempts, with the one under way. */
  made: number;
  /** Requests that ended without an answer: the store may have acted on them. */
  unanswered: number;
  damaged: number;
}

export interface RetrySettings {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly place: Place;
  readonly signal?: AbortSignal;
}

/** Milliseconds after the n-th failure: exponential, capped, with jitter (AWS: Exponential Backoff And Jitter). */
export function backoff(policy: RetryPolicy, failures: number): number {
  const longest = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + Math.random() / 2));
}

export function openRetries(settings: RetrySettings): Retries {
  const { policy, clock, place, signal } = settings;
  let contact = false;

  function isFinal(failure: Failure, tries: Tries): boolean {
    if (isDamaged(failure)) return ++tries.damaged >= policy.damagedTries;
    if (!isPassing(failure)) return true;
    const most = policy.mostTries ?? Infinity;
    return tries.made >= (contact ? most : Math.min(most, policy.firstContactTries));
  }

  async function wait(call: Call, failure: Failure, tries: Tries): Promise<void> {
    const waitMs = backoff(policy, tries.made);
    const reason = `${failure.message} (${failure.code})`;
    policy.onRetry?.({ ...call, tries: tries.made, waitMs, reason });
    await clock.sleep(waitMs, signal);
  }

  async function run<T>(call: Call, attempt: (tries: Tries) => Promise<T>): Promise<T> {
    const tries: Tries = { made: 0, unanswered: 0, damaged: 0 };
    while (true) {
      if (signal?.aborted) throw interrupted(call);
      tries.made++;
      try {
        const result = await attempt(tries);
        contact = true;
        return result;
      } catch (error) {
        if (error instanceof HoldfastError) throw error;
        if (signal?.aborted) throw interrupted(call);
        const failure = failureOf(error);
        if (failure.status !== undefined) contact = true;
        if (isFinal(failure, tries)) throw storeError(call, place, failure, tries.unanswered);
        if (isUnanswered(failure)) tries.unanswered++;
        await wait(call, failure, tries);
      }
    }
  }

  return { run };
}

function interrupted(call: Call): HoldfastError {
  return new HoldfastError("interrupted", `interrupted in ${call.operation} of ${call.key}`);
}
