import { isKind } from "../core/error.ts";
import { type HeldSpace, withHeld } from "../core/lock/held_space.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectName, ObjectStore } from "../ports/object_store.ts";
import { eachInParallel } from "./in_parallel.ts";
import { lastLockSet } from "./known_locks.ts";
import type { PruneTables, PruneTarget } from "./prune_items.ts";

const REQUESTS = 16;
const PAGE = 1000;

/** Whether objects of this log may be locked: then each that is to go is asked for its lock. */
export function mayBeLocked(
  { log, store }: { readonly log: JobLog; readonly store: ObjectStore },
  isLocking: boolean,
): boolean {
  return store.lockOf !== undefined && (isLocking || lastLockSet(log) !== undefined);
}

/**
 * When an object's lock ends, where that is to come. Undefined also where it is gone, or where these
 * credentials may not know it: its deletion tells then.
 */
export async function heldUntil(
  store: ObjectStore,
  object: ObjectName,
  now: number,
): Promise<number | undefined> {
  try {
    const lock = await store.lockOf!(object);
    return lock !== undefined && lock.until > now ? lock.until : undefined;
  } catch (error) {
    if (isKind(error, "gone", "denied")) return undefined;
    throw error;
  }
}

/** Notes which of what is to go locks keep: it is left out of the targets from then on. */
export async function noteHeld(
  { store, held }: PruneTables,
  targets: Iterable<PruneTarget>,
  now: number,
): Promise<HeldSpace | undefined> {
  let space: HeldSpace | undefined;
  const note = async (target: PruneTarget) => {
    const { key, version, bytes } = target;
    const object = version === undefined ? { key } : { key, versionId: version };
    const until = await heldUntil(store, object, now);
    if (until === undefined) return;
    space = withHeld(space, { bytes, until });
    held.set(heldName(target), "");
    held.set(key, "");
  };
  let page: PruneTarget[] = [];
  for (const target of targets) {
    if (!target.isThere || page.push(target) < PAGE) continue;
    await eachInParallel(page, REQUESTS, note);
    page = [];
  }
  await eachInParallel(page, REQUESTS, note);
  return space;
}

/** Without those that locks keep; what hides one of them must go on doing so. */
export function* withoutHeld(
  { held }: PruneTables,
  targets: Iterable<PruneTarget>,
): Generator<PruneTarget> {
  for (const target of targets) {
    if (held.get(heldName(target)) !== undefined) continue;
    yield target.hidesOlder || held.get(target.key) === undefined
      ? target
      : { ...target, hidesOlder: true };
  }
}

function heldName({ key, version = "" }: PruneTarget): string {
  return `${key}\0${version}`;
}
