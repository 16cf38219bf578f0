import type { AnyEvent, AnyNewEvent, EventData } from "../core/event/event.ts";
import { coversMode, type KnownLocks } from "../core/lock/lock_due.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { JobLog, LogReader } from "../ports/event_log.ts";

type LockSet = Extract<AnyEvent, { type: "LockSet" }>;
type LockExtended = EventData["LockExtended"];

/** The events that something new is in the store by. */
const STORING = [
  "RepositoryCreated",
  "ObjectsStored",
  "ObjectCopied",
  "PackStored",
  "LogSegmentShipped",
] as const;

/** The setting that the log recorded last; undefined where it never had a lock. */
export function lastLockSet(log: LogReader): LockSet | undefined {
  let last: LockSet | undefined;
  for (const event of log.events({ type: "LockSet" })) {
    if (event.type === "LockSet") last = event;
  }
  return last;
}

/** The same as a setting; undefined where nothing is locked now. */
export function lockSetting(log: LogReader): LockSetting | undefined {
  const last = lastLockSet(log)?.data;
  if (last === undefined || last.seconds === 0) return undefined;
  return { mode: last.mode, ms: last.seconds * 1000 };
}

/** What a run records where its lock is another one than that of the run before. */
export function lockOpening(log: LogReader, setting: LockSetting | undefined): AnyNewEvent[] {
  const last = lastLockSet(log)?.data;
  if (setting === undefined) {
    const isOff = last === undefined || last.seconds === 0;
    return isOff ? [] : [{ type: "LockSet", data: { seconds: 0, mode: last.mode } }];
  }
  const data = { seconds: Math.round(setting.ms / 1000), mode: setting.mode };
  return last?.seconds === data.seconds && last.mode === data.mode
    ? []
    : [{ type: "LockSet", data }];
}

/**
 * Whether a person has agreed to this lock: governance needs no consent, compliance that to a time as
 * long at least, which the log has recorded.
 */
export function isLockAgreed(log: LogReader, { mode, ms }: LockSetting): boolean {
  if (mode === "governance") return true;
  const last = lastLockSet(log)?.data;
  return last?.mode === "compliance" && last.seconds * 1000 >= ms;
}

export function knownLocks(log: JobLog): KnownLocks {
  const set = lastLockSet(log);
  const { whole, at = 0, failed } = passesFor(log, set);
  const pass = whole === undefined
    ? undefined
    : { through: whole.through, until: timeOfIso(whole.until) };
  const from = (pass?.through ?? 0) + 1;
  const since = Math.max(from, set?.position ?? 1);
  return {
    pass,
    // What a log begins with that was cut, or rebuilt, was stored under a setting nobody knows.
    hasUnlocked: from <= (log.base?.position ?? 0) || set === undefined ||
      storedAt(log, from, set.position) !== undefined,
    hasGaps: failed > 0 || wasFoundUnlocked(log, at) || hasTakenOver(log, at),
    oldest: storedAt(log, since, log.head().position),
  };
}

/** A pass of governance mode is none where compliance is wanted since. */
function passesFor(log: LogReader, set: LockSet | undefined): LockPasses {
  const passes = lockPasses(log);
  const isWeaker = passes.whole !== undefined && set !== undefined &&
    !coversMode(passes.whole.mode, set.data.mode);
  return isWeaker ? { failed: 0 } : passes;
}

/** Runs that may take over what is there already: nothing is known of its locks. */
const TAKING = ["adopt", "reconcile", "rebuild"];

function hasTakenOver(log: LogReader, since: number): boolean {
  for (const event of log.events({ type: "RunStarted", from: since + 1 })) {
    if (event.type !== "RunStarted" || !TAKING.includes(event.data.command)) continue;
    for (const type of ["ObjectsStored", "PackStored"] as const) {
      for (const _ of log.events({ type, run: event.run, from: event.position })) return true;
    }
  }
  return false;
}

/** The last check has found something without a lock, since the last pass. */
function wasFoundUnlocked(log: JobLog, pass: number): boolean {
  const last = log.index.lastRuns().find(({ command }) => command === "check");
  if (last === undefined || last.position < pass) return false;
  for (const event of log.events({ type: "RunFinished", run: last.run, from: last.position })) {
    if (event.type === "RunFinished") return Number(event.data.totals.not_locked ?? 0) > 0;
  }
  return false;
}

/** When something was stored first between two positions, both inclusive. */
function storedAt(log: LogReader, from: number, to: number): number | undefined {
  if (from > to) return undefined;
  const times = STORING.flatMap((type) => {
    for (const { at } of log.events({ type, from, to })) return [timeOfIso(at)];
    return [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

export interface LockPasses {
  /** The newest pass that is complete, and the position of its end. */
  readonly whole?: LockExtended;
  readonly at?: number;
  /** Objects that this one could not lock. */
  readonly failed: number;
  /** The one that was cut off since. */
  readonly begun?: LockExtended;
}

export function lockPasses(log: LogReader): LockPasses {
  let found: LockPasses = { failed: 0 };
  let sum = 0;
  for (const event of log.events({ type: "LockExtended" })) {
    if (event.type !== "LockExtended") continue;
    const { data, position } = event;
    const isSame = found.begun?.until === data.until && found.begun.through === data.through;
    sum = (isSame ? sum : 0) + (data.failed ?? 0);
    found = data.more === undefined
      ? { whole: data, at: position, failed: sum }
      : { ...found, begun: data };
  }
  return found;
}
