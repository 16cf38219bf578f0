import { HoldfastError } from "../core/error.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { PROBE_FOLDER } from "../core/mirror/object_key.ts";
import type { Environment } from "../ports/environment.ts";
import type { LogReader } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { lockSetting } from "./known_locks.ts";
import { lockFailure } from "./probe_store.ts";
import { newId } from "./run.ts";

/** Of the object by which locks are tried. */
export const TRIED_FOR_MS = 60_000;

/**
 * Before a job that did not lock stores anything locked, an object is locked for a moment. Throws kind
 * "refused" where the store does not keep that.
 */
export async function tryLock(
  { store, log, environment }: {
    readonly store: ObjectStore;
    readonly log: LogReader;
    readonly environment: Environment;
  },
  setting: LockSetting | undefined,
): Promise<void> {
  if (setting === undefined || lockSetting(log) !== undefined) return;
  const until = Number(environment.clock.now() / 1_000_000n) + TRIED_FOR_MS;
  const why = await lockFailure(store, `${PROBE_FOLDER}${newId(environment)}/lock`, until);
  if (why === undefined) return;
  throw new HoldfastError("refused", `\`lock\` is set, and ${why}`, {
    hint: "`holdfast init --print-policy` prints the bucket's setup; or take `lock` out of the " +
      "job's section; nothing was stored",
  });
}
