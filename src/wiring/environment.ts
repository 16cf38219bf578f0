import { hostname, userInfo } from "node:os";
import { HoldfastError } from "../core/error.ts";
import { VERSION } from "../cli/version.ts";
import type { Environment } from "../ports/environment.ts";

/** The real world: clock, randomness, who and where. */
export function systemEnvironment(): Environment {
  return {
    clock: {
      now: () => BigInt(Date.now()) * 1_000_000n,
      sleep,
    },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    hostname: hostname(),
    user: userName(),
    pid: Deno.pid,
    version: `holdfast ${VERSION}`,
  };
}

/** A user id without a name is no reason to stop. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${Deno.uid() ?? "unknown"}`;
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(interrupted(signal?.reason));
    };
    if (signal?.aborted) return reject(interrupted(signal.reason));
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function interrupted(reason: unknown): HoldfastError {
  return reason instanceof HoldfastError
    ? reason
    : new HoldfastError("interrupted", "interrupted", { cause: reason });
}
