import { isKind } from "../core/error.ts";
import {
  closingBody,
  closingMetadata,
  segmentKey,
  type SegmentObject,
  segmentOfKey,
} from "../core/log_segment.ts";
import { type BodySuffix, otherName, suffixOf } from "../core/sealed_name.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { holdOtherName, putOnce } from "./put_segment.ts";
import {
  fetchSegment,
  listSegments,
  lookAtSegment,
  openSegment,
  type SegmentDeps,
} from "./read_segment.ts";
import { forked, nameIsHeld, takenOver } from "./segment_state.ts";

export interface ClosingDeps extends SegmentDeps {
  readonly log: JobLog;
  readonly environment: Environment;
}

/**
 * Puts the closing segment at the next position of the log that this one goes on from, so that its
 * writer meets it and stops, whatever the form in which each of the two writes. Where segments from
 * there on are damaged, behind them. Repeated, it finds its own. Throws kind "locked" where that log
 * went on, or another machine has taken it over.
 */
export async function closeParentLog(deps: ClosingDeps): Promise<void> {
  const { store, coding, environment, log: { genesis } } = deps;
  const { log, hash } = genesis.parent!;
  const { body, sha256, suffix, contentType } = await coding.pack(
    new TextEncoder().encode(closingBody(genesis)),
  );
  for (;;) {
    const place = await closingPlace(deps);
    if (place === undefined) return;
    const { first, form, held } = place;
    const key = segmentKey(log, first, suffix);
    if (held.includes(key)) throw nameIsHeld(genesis.job, key);
    const isOther = form !== undefined && form !== suffix && held.length === 0;
    if (isOther && await holdOtherName(store, key) !== undefined) continue;
    const closing = {
      ...{ log, first, previous: hash, sha256 },
      ...{ closedBy: genesis.log, host: environment.hostname },
    };
    const options = { metadata: closingMetadata(closing), sha256, contentType };
    if (await putOnce(store, key, body, options) === undefined) return;
  }
}

export interface ClosingPlace {
  readonly first: number;
  /** How its name would end if the log went on as it did; undefined for a log without segments. */
  readonly form: BodySuffix | undefined;
  /** Placeholders that are there already. */
  readonly held: readonly string[];
}

/**
 * Where the closing segment goes; undefined where it is there already. Throws kind "locked" where it
 * can go nowhere: the log has another end than this database knows.
 */
export async function closingPlace(deps: ClosingDeps): Promise<ClosingPlace | undefined> {
  const { store, log } = deps;
  const { genesis } = log;
  const { log: parent, position } = genesis.parent!;
  const keys = await listSegments(store, parent, { from: 1 });
  const behind = keys.filter((key) => firstOf(key) > position);
  const last = await lastObject(deps, behind);
  if (last === undefined) {
    const form = await formOf(deps, keys.filter((key) => firstOf(key) <= position));
    return { first: position + 1, form, held: behind };
  }
  const { key, object } = last;
  if (object?.kind === "closing") {
    if (object.closing.closedBy === genesis.log) return undefined;
    throw takenOver(genesis.job, object.closing);
  }
  for (const next of behind.filter((one) => firstOf(one) === position + 1)) {
    if (!await goesOn(deps, next)) continue;
    throw forked(genesis.job, next, `it went on after event ${position}`);
  }
  return { first: endOf(key, object) + 1, form: suffixOf(key), held: [] };
}

/** How the name of the last of these segments ends; asks only where a placeholder is beside it. */
async function formOf(
  deps: SegmentDeps,
  keys: readonly string[],
): Promise<BodySuffix | undefined> {
  const last = keys.at(-1);
  if (last === undefined) return undefined;
  const isPair = keys.includes(otherName(last));
  return suffixOf(isPair ? (await lastObject(deps, keys))?.key ?? last : last);
}

/**
 * First position that no segment of a log holds, whole or damaged: a log that goes on from a position
 * before it begins there, so that no two events ever share one.
 */
export async function positionBehind(
  deps: SegmentDeps,
  log: string,
  position: number,
): Promise<number> {
  const keys = await listSegments(deps.store, log, { from: position + 1 });
  const last = await lastObject(deps, keys);
  return last === undefined ? position + 1 : endOf(last.key, last.object) + 1;
}

interface LogObject {
  readonly key: string;
  /** Undefined where it says nothing, or has just gone. */
  readonly object: SegmentObject | undefined;
}

/** The last of these that is no placeholder. */
async function lastObject(
  { store }: SegmentDeps,
  keys: readonly string[],
): Promise<LogObject | undefined> {
  for (const key of keys.toReversed()) {
    const object = await lookAtSegment(store, key);
    if (object?.kind !== "placeholder") return { key, object };
  }
  return undefined;
}

function firstOf(key: string): number {
  return segmentOfKey(key)!.first;
}

function endOf(key: string, object: SegmentObject | undefined): number {
  return object?.kind === "segment" ? object.head.last : firstOf(key);
}

/** The segment follows from our parent's head and is whole. */
async function goesOn(deps: ClosingDeps, key: string): Promise<boolean> {
  const { log } = deps;
  const { hash } = log.genesis.parent!;
  try {
    const fetched = await fetchSegment(deps, key);
    const { object } = fetched;
    if (object.kind !== "segment" || object.head.previous !== hash) return false;
    await openSegment(deps, fetched, object.head, log.logs().at(-2)!.genesis.key);
    return true;
  } catch (error) {
    if (isKind(error, "damage", "gone")) return false;
    throw error;
  }
}
