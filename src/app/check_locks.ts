import { HoldfastError, isKind } from "../core/error.ts";
import type { LockSetting, ObjectLock } from "../core/lock/object_lock.ts";
import { isoTime } from "../core/time_text.ts";
import type { Environment } from "../ports/environment.ts";
import { inParallel } from "./in_parallel.ts";
import { type NeededObject, type NeededObjects, neededObjects } from "./needed_objects.ts";

export interface LockCounts {
  readonly objects: number;
  /** Those that are not locked as the job says. */
  readonly unlocked: number;
  /** When the first of the others' locks ends (ms since 1970); undefined where there is none. */
  readonly soonest: number | undefined;
}

const REQUESTS = 32;

/**
 * Asks the store for the lock of each object that the job would miss. Throws kind "refused" where the
 * store has no locks, "denied" where these credentials may not know them.
 */
export async function checkLocks(
  needed: NeededObjects & { readonly environment: Environment },
  setting: LockSetting,
): Promise<LockCounts> {
  const { store, environment, emit } = needed;
  if (store.lockOf === undefined) {
    throw new HoldfastError("refused", `${store.url} has no Object Lock`, {
      hint: "take `lock` out of the job's section, or use a bucket with Object Lock",
    });
  }
  const now = Number(environment.clock.now() / 1_000_000n);
  const count = { objects: 0, unlocked: 0 };
  let soonest: number | undefined;
  emit({ kind: "phase", name: "lock" });

  async function look({ object }: NeededObject): Promise<void> {
    count.objects++;
    const found = await askLock(object);
    const reason = found === "gone" ? found : lacking(found, setting, now);
    if (reason === undefined) {
      const { until } = found as ObjectLock;
      soonest = Math.min(soonest ?? until, until);
      return;
    }
    // What is missing is told by the look at the contents.
    if (reason === "gone") return;
    count.unlocked++;
    emit({ kind: "entry-error", path: object.key, reason });
  }

  async function askLock(object: NeededObject["object"]) {
    try {
      return await store.lockOf!(object);
    } catch (error) {
      if (isKind(error, "gone")) return "gone" as const;
      throw error;
    }
  }

  await inParallel(neededObjects(needed), REQUESTS, look);
  return { ...count, soonest };
}

/** Why this is no lock as the job wants it; undefined where it is one. */
function lacking(
  lock: ObjectLock | undefined,
  { mode }: LockSetting,
  now: number,
): string | undefined {
  if (lock === undefined) return "not locked: the store keeps no lock of it";
  if (lock.until <= now) return `not locked: its lock ended at ${isoTime(lock.until)}`;
  if (mode === "compliance" && lock.mode === "governance") {
    return "locked in governance mode only: whoever may bypass that can delete it";
  }
  return undefined;
}
