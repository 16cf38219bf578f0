import { type LockPlan, NO_LOCKS } from "../core/cost/price_locks.ts";
import type { AnyNewEvent, EventData } from "../core/event/event.ts";
import { type DuePass, duePass, mayGoOn } from "../core/lock/lock_due.ts";
import { lockFrom, type LockSetting } from "../core/lock/object_lock.ts";
import { bytesOfText, jsonOfText, textOfBytes, textOfJson } from "../core/path_text.ts";
import { isoTime, timeOfIso } from "../core/time_text.ts";
import type { Environment } from "../ports/environment.ts";
import type { UnstoredCursor } from "../ports/event_log.ts";
import { eachInParallel, inParallel } from "./in_parallel.ts";
import { knownLocks, lockOpening, lockPasses } from "./known_locks.ts";
import { foundLock, isEnough, type LockAim, lockObject } from "./lock_object.ts";
import { type NeededObject, type NeededObjects, neededObjects } from "./needed_objects.ts";

export interface LockDeps extends Omit<NeededObjects, "layout"> {
  readonly environment: Environment;
  /** Objects of a piece of a pass, which a crash repeats at most: 10,000, but for tests. */
  readonly piece?: number;
}

/** What a backup does about Object Lock. */
export interface LockKeeper {
  /** What the run begins with. */
  opening(): AnyNewEvent[];
  /** Extends what has less than half of its time left; undefined where nothing has. */
  extend(run: string): Promise<ExtendedLocks | undefined>;
  /** The objects that this would be about. */
  plan(): Promise<LockPlan>;
}

export interface ExtendedLocks {
  readonly objects: number;
  readonly failed: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Of the first that failed. */
  readonly reason?: string;
  /** The store refused one after the other: the rest was not tried. */
  readonly gaveUp: boolean;
}

const REQUESTS = 16;
const PIECE = 10_000;
/** Refusals in a row, from the first on, after which the others are not tried: each is paid for. */
const GIVE_UP = 100;

type Deps = LockDeps & Pick<NeededObjects, "layout">;

export function lockKeeper(deps: Deps, setting: LockSetting | undefined): LockKeeper {
  const now = () => Number(deps.environment.clock.now() / 1_000_000n);
  const due = () =>
    setting === undefined || deps.store.extendLock === undefined
      ? undefined
      : duePass(knownLocks(deps.log), setting, now());
  return {
    opening: () => lockOpening(deps.log, setting),
    async extend(run) {
      const pass = due();
      return pass && await extendAll(deps, run, passOf(deps.log, pass, { setting: setting!, now }));
    },
    async plan() {
      const pass = due();
      return pass === undefined ? NO_LOCKS : await planPass(deps, pass, setting!);
    },
  };
}

function add(counts: Map<string, number>, storageClass: string): void {
  counts.set(storageClass, (counts.get(storageClass) ?? 0) + 1);
}

/** Where few are to be locked they are looked for: the price is to be theirs. */
async function planPass(deps: Deps, pass: DuePass, { mode }: LockSetting): Promise<LockPlan> {
  const [extended, looked] = [new Map<string, number>(), new Map<string, number>()];
  await inParallel(neededObjects(deps), REQUESTS, async ({ object, storageClass }) => {
    if (pass.is === "all") return add(extended, storageClass);
    add(looked, storageClass);
    const found = await foundLock(deps.store, object);
    if (found === "gone" || isEnough(found, { mode, until: pass.enough })) return;
    add(extended, storageClass);
  });
  return { extended, looked };
}

/** A pass over all locks, where it stands. */
interface Pass {
  readonly aim: LockAim;
  /** What is needed is kept until then when it is done. */
  readonly until: number;
  readonly through: number;
  /** Where the one that was cut off goes on. */
  readonly since?: { readonly row: UnstoredCursor; readonly position: number };
}

function passOf(
  log: LockDeps["log"],
  due: DuePass,
  { setting, now: clock }: { readonly setting: LockSetting; readonly now: () => number },
): Pass {
  const now = clock();
  const { begun } = lockPasses(log);
  const end = begun === undefined ? 0 : timeOfIso(begun.until);
  const isResumed = begun?.mode === setting.mode &&
    (due.is === "gaps" ? end === due.enough : mayGoOn(end, setting, now));
  const lock = isResumed && due.is === "all"
    ? { mode: setting.mode, until: end }
    : lockFrom(setting, now);
  const enough = due.is === "gaps" ? due.enough : undefined;
  const through = isResumed ? begun!.through : log.head().position;
  return {
    aim: { lock, enough, now, half: now + setting.ms / 2 },
    ...{ until: enough ?? lock.until, through },
    ...(isResumed ? { since: { row: rowAt(begun!.more!), position: through } } : {}),
  };
}

async function extendAll(
  deps: Deps,
  run: string,
  { aim, until, through, since }: Pass,
): Promise<ExtendedLocks> {
  const { log, store, emit } = deps;
  const piece = { objects: new Map<string, number>(), failed: 0 };
  const total = { objects: 0, failed: 0 };
  const asked = { taken: 0, refused: 0 };
  let reason: string | undefined;
  emit({ kind: "phase", name: "lock" });

  function record(last?: UnstoredCursor): void {
    const data = {
      ...{ until: isoTime(until), mode: aim.lock.mode, through },
      objects: Object.fromEntries(piece.objects),
      ...(piece.failed === 0 ? {} : { failed: piece.failed }),
      ...(last === undefined ? {} : { more: placeOf(last) }),
    };
    log.append(run, [{ type: "LockExtended", data }], { durable: true });
    piece.objects.clear();
    piece.failed = 0;
  }

  const hasGivenUp = () => asked.taken === 0 && asked.refused >= GIVE_UP;

  async function extend({ object, storageClass }: NeededObject): Promise<void> {
    if (hasGivenUp()) return;
    const locked = await lockObject(store, object, aim);
    if (locked.is === "extended") {
      add(piece.objects, storageClass);
      total.objects++;
    }
    if (locked.is === "failed") {
      reason ??= `${object.key}: ${locked.reason}`;
      piece.failed++;
      total.failed++;
    }
    if (locked.is === "extended" || (locked.is === "kept" && locked.isAsked)) asked.taken++;
    if (locked.is === "failed" && locked.isAsked) asked.refused++;
  }

  const { piece: size = PIECE } = deps;
  for await (const items of pieces(neededObjects(deps, since), size)) {
    await eachInParallel(items, REQUESTS, extend);
    if (hasGivenUp()) break;
    const last = items.at(-1)!.row;
    if (last !== undefined && items.length === size) record(last);
  }
  // A pass that is not recorded is due again.
  if (!hasGivenUp()) record();
  return {
    ...{ ...total, until: aim.lock.until, gaveUp: hasGivenUp() },
    ...(reason === undefined ? {} : { reason }),
  };
}

async function* pieces(
  objects: AsyncIterable<NeededObject>,
  size: number,
): AsyncGenerator<NeededObject[]> {
  let piece: NeededObject[] = [];
  for await (const object of objects) {
    if (piece.push(object) < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

type Place = NonNullable<EventData["LockExtended"]["more"]>;

function placeOf(row: UnstoredCursor): Place {
  return row.isFolder
    ? { folder: row.folder }
    : { folder: row.folder, name: jsonOfText(textOfBytes(row.name)) };
}

function rowAt({ folder, name }: Place): UnstoredCursor {
  return name === undefined
    ? { isFolder: true, folder, name: new Uint8Array(0) }
    : { isFolder: false, folder, name: bytesOfText(textOfJson(name)) };
}
