import { isKind, messageOf } from "../core/error.ts";
import { coversMode } from "../core/lock/lock_due.ts";
import type { ObjectLock } from "../core/lock/object_lock.ts";
import { isoTime } from "../core/time_text.ts";
import type { ObjectName, ObjectStore } from "../ports/object_store.ts";

/** How an object is to be locked; times in milliseconds since 1970. */
export interface LockAim {
  readonly lock: ObjectLock;
  /** A lock until then is left as it is, and looked for first; undefined where none is. */
  readonly enough: number | undefined;
  readonly now: number;
  /** Until when a lock in compliance mode is long enough for now, where governance mode is wanted. */
  readonly half: number;
}

export type Locked =
  | { readonly is: "extended" | "gone" }
  /** Locked well enough; `isAsked` where the store has refused an extension. */
  | { readonly is: "kept"; readonly isAsked: boolean }
  | { readonly is: "failed"; readonly isAsked: boolean; readonly reason: string };

/** Locks one version, or says why that cannot be. */
export async function lockObject(
  store: ObjectStore,
  object: ObjectName,
  aim: LockAim,
): Promise<Locked> {
  const { lock, enough } = aim;
  if (enough !== undefined) {
    const found = await foundLock(store, object);
    if (found === "gone") return { is: "gone" };
    if (isEnough(found, { mode: lock.mode, until: enough })) return { is: "kept", isAsked: false };
    if (isStricter(found, aim)) return judgeStricter(found!, aim, false);
  }
  try {
    await store.extendLock!(object, lock);
    return { is: "extended" };
  } catch (error) {
    // What is gone has no lock to be extended: `check` tells of it.
    if (isKind(error, "gone")) return { is: "gone" };
    if (!isKind(error, "denied", "refused")) throw error;
    const found = await foundLock(store, object);
    if (found === "gone") return { is: "gone" };
    // By an earlier setting, or by the bucket's own: no store makes a lock shorter.
    if (isEnough(found, lock)) return { is: "kept", isAsked: true };
    if (isStricter(found, aim)) return judgeStricter(found!, aim, true);
    if (found?.mode === "governance" && lock.mode === "compliance") {
      return await raise(store, object, { found, lock });
    }
    return { is: "failed", isAsked: true, reason: messageOf(error) };
  }
}

export function isEnough(found: ObjectLock | undefined, wanted: ObjectLock): boolean {
  return found !== undefined && found.until >= wanted.until && coversMode(found.mode, wanted.mode);
}

/** The lock of an object, undefined also for those who may not know it. */
export async function foundLock(
  store: ObjectStore,
  object: ObjectName,
): Promise<ObjectLock | "gone" | undefined> {
  try {
    return await store.lockOf!(object);
  } catch (error) {
    if (isKind(error, "gone")) return "gone";
    if (isKind(error, "denied")) return undefined;
    throw error;
  }
}

/** Nobody makes governance mode of a lock in compliance mode before its end. */
function isStricter(found: ObjectLock | undefined, { lock, now }: LockAim): boolean {
  return found !== undefined && found.until > now && found.mode === "compliance" &&
    lock.mode === "governance";
}

function judgeStricter({ until }: ObjectLock, { half }: LockAim, isAsked: boolean): Locked {
  if (until >= half) return { is: "kept", isAsked };
  const reason = `in compliance mode until ${isoTime(until)}: governance mode can follow only then`;
  return { is: "failed", isAsked, reason };
}

/** Nobody raises a lock of governance mode but who may bypass it: the others make it longer at least. */
async function raise(
  store: ObjectStore,
  object: ObjectName,
  { found, lock }: { readonly found: ObjectLock; readonly lock: ObjectLock },
): Promise<Locked> {
  const until = Math.max(found.until, lock.until);
  try {
    await store.extendLock!(object, { mode: "compliance", until }, { raises: true });
    return { is: "extended" };
  } catch (error) {
    if (!isKind(error, "denied", "refused")) throw error;
    if (found.until < lock.until) {
      await store.extendLock!(object, { mode: "governance", until: lock.until });
    }
    const reason = "in governance mode only: to raise it to compliance mode, run a backup once " +
      "with a key that may s3:BypassGovernanceRetention";
    return { is: "failed", isAsked: true, reason };
  }
}
