import { type LockDeps, lockKeeper } from "../../src/app/extend_locks.ts";
import type { LockPlan } from "../../src/core/cost/price_locks.ts";
import { HoldfastError } from "../../src/core/error.ts";
import type { Layout } from "../../src/core/event/event.ts";
import { lockFrom, type LockSetting, type ObjectLock } from "../../src/core/lock/object_lock.ts";
import type { ObjectName } from "../../src/ports/object_store.ts";
import { inWorld, type World } from "./app_world.ts";
import { upkeepDeps } from "./upkeep.ts";

export const DAY = 86_400_000;

/** A world whose store has Object Lock: what is put is locked by the setting that holds then. */
export interface LockedWorld {
  readonly world: World;
  /** By key and version. */
  readonly locks: Map<string, ObjectLock>;
  /** The versions that were locked for longer, in order. */
  readonly extended: string[];
  /** The same with those that the store has refused, as S3 does: a shorter lock, or another mode. */
  readonly asked: string[];
  /** The key may s3:BypassGovernanceRetention. */
  mayBypass: boolean;
  setting: LockSetting | undefined;
  now(): number;
  pass(days: number): void;
  /** The next backup with what it does about locks. */
  backup(): ReturnType<World["backup"]>;
  plan(): Promise<LockPlan>;
}

export function inLockedWorld(
  use: (locked: LockedWorld) => Promise<void>,
  layout: Layout = "mirror",
): Promise<void> {
  return inWorld(async (world) => {
    const locks = new Map<string, ObjectLock>();
    const { store } = world;
    const now = () => Number(world.clock.now() / 1_000_000n);
    const versionOf = ({ key, versionId }: ObjectName) =>
      versionId ?? store.current(key)?.head.versionId;
    const nameOf = (object: ObjectName) => `${object.key} ${versionOf(object)}`;
    const locked: LockedWorld = {
      ...{ world, locks, extended: [], asked: [], mayBypass: false },
      ...{ setting: { mode: "governance", ms: 30 * DAY }, now },
      pass: (days) => void (world.clock.time += BigInt(days * DAY) * 1_000_000n),
      backup: () => world.backup({ deps: { locks: keeper() } }),
      plan: () => keeper().plan(),
    };
    const keeper = () => {
      const { emit, replayer, work } = upkeepDeps(world);
      const deps: LockDeps = {
        ...{ log: world.log, store, environment: world.environment, emit, replayer, work },
        ...{ breathe: () => undefined, piece: 100 },
      };
      return lockKeeper({ ...deps, layout }, locked.setting);
    };
    store.after = (operation, key) => {
      const { setting } = locked;
      const wasStored = operation === "put" || operation === "completeUpload";
      if (setting === undefined || !wasStored) return;
      locks.set(nameOf({ key }), lockFrom(setting, now()));
    };
    // As `init` has left it.
    for (const key of store.objects.keys()) {
      locks.set(nameOf({ key }), lockFrom(locked.setting!, now()));
    }
    const { delete: deleteAll } = store;
    Object.assign(store, {
      async delete(objects: readonly ObjectName[]) {
        const isHeld = ({ key, versionId }: ObjectName) =>
          versionId !== undefined && (locks.get(`${key} ${versionId}`)?.until ?? 0) > now();
        const refused = objects.filter(isHeld).map((object) => ({ object, reason: "locked" }));
        return [...refused, ...await deleteAll(objects.filter((object) => !isHeld(object)))];
      },
      lockOf: (object: ObjectName) => {
        if (versionOf(object) === undefined) return Promise.reject(gone(object));
        return Promise.resolve(locks.get(nameOf(object)));
      },
      extendLock: (
        object: ObjectName,
        lock: ObjectLock,
        { raises = false }: { readonly raises?: boolean } = {},
      ) => {
        if (versionOf(object) === undefined) return Promise.reject(gone(object));
        locked.asked.push(nameOf(object));
        const there = locks.get(nameOf(object));
        const mayBypass = raises && locked.mayBypass && there?.mode === "governance";
        if (there !== undefined && there.until > now() && !mayBypass) {
          const isWeaker = lock.mode !== there.mode || lock.until < there.until;
          if (isWeaker) return Promise.reject(denied(object));
        }
        locked.extended.push(nameOf(object));
        locks.set(nameOf(object), lock);
        return Promise.resolve();
      },
    });
    await use(locked);
  });
}

function denied({ key }: ObjectName): HoldfastError {
  return new HoldfastError("denied", `AccessDenied: ${key}`);
}

function gone({ key }: ObjectName): HoldfastError {
  return new HoldfastError("gone", `no ${key}`);
}
