import { HoldfastError } from "../../core/error.ts";
import type { StoreLimits } from "../../ports/object_store.ts";

const MIB = 1024 * 1024;

/** S3's limits, so that a repository can move to a bucket. */
export const limits: StoreLimits = {
  minPart: 5 * MIB,
  maxPart: 5 * 1024 * MIB,
  maxParts: 10_000,
  maxObject: 5 * 1024 * 1024 * MIB,
  maxKeyBytes: 1_024,
};

export function refusesKey(key: string): string | undefined {
  if (key === "") return "an empty key names no object";
  if (!key.isWellFormed()) return "the key is not valid Unicode";
  if (key.length * 3 <= limits.maxKeyBytes) return undefined;
  const bytes = new TextEncoder().encode(key).length;
  return bytes <= limits.maxKeyBytes ? undefined : `the key has ${bytes} bytes, more than 1,024`;
}

/** Throws kind "refused" for a key that cannot be held. */
export function checkKey(key: string): void {
  const reason = refusesKey(key);
  if (reason === undefined) return;
  throw new HoldfastError("refused", reason, { context: { key, code: "InvalidKey" } });
}
