import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import {
  closingBody,
  closingMetadata,
  readSegmentMetadata,
  segmentKey,
  type SegmentObject,
  segmentOfKey,
} from "../core/log_segment.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { fetchSegment, listSegments, openSegment, type SegmentDeps } from "./read_segment.ts";
import { forked, takenOver } from "./segment_state.ts";

export interface ClosingDeps extends SegmentDeps {
  readonly log: JobLog;
  readonly environment: Environment;
}

/**
 * Puts the closing segment at the next position of the log that this one goes on from, so that its
 * writer meets it and stops. Where segments from there on are damaged, behind them. Repeated, it
 * finds its own. Throws kind "locked" where that log went on, or another machine has taken it over.
 */
export async function closeParentLog(deps: ClosingDeps): Promise<void> {
  const { store, hashing, environment, log: { genesis } } = deps;
  const { log, hash } = genesis.parent!;
  const body = hashing.compress(new TextEncoder().encode(closingBody(genesis)));
  const sha256 = hex(hashing.sha256(body));
  for (;;) {
    const first = await closingPosition(deps);
    if (first === undefined) return;
    const closing = {
      ...{ log, first, previous: hash, sha256 },
      ...{ closedBy: genesis.log, host: environment.hostname },
    };
    const metadata = closingMetadata(closing);
    const ifNoneMatch = store.features.conditionalPut.works;
    try {
      const options = { metadata, sha256, ifNoneMatch, contentType: "application/zstd" };
      await store.put(segmentKey(log, first), body, options);
      return;
    } catch (error) {
      if (!isKind(error, "conflict")) throw error;
    }
  }
}

/**
 * Where the closing segment goes; undefined where it is there already. Throws kind "locked" where it
 * can go nowhere: the log has another end than this database knows.
 */
export async function closingPosition(deps: ClosingDeps): Promise<number | undefined> {
  const { store, log } = deps;
  const { genesis } = log;
  const { log: parent, position } = genesis.parent!;
  const keys = await listSegments(store, parent, { from: position + 1 });
  const last = keys.at(-1);
  if (last === undefined) return position + 1;
  const object = await lookAt(deps, last);
  if (object?.kind === "closing") {
    if (object.closing.closedBy === genesis.log) return undefined;
    throw takenOver(genesis.job, object.closing);
  }
  if (await goesOn(deps, keys[0])) {
    throw forked(genesis.job, keys[0], `it went on after event ${position}`);
  }
  return endOf(last, object) + 1;
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
  const last = (await listSegments(deps.store, log, { from: position + 1 })).at(-1);
  return last === undefined ? position + 1 : endOf(last, await lookAt(deps, last)) + 1;
}

/** What an object says it is; undefined where it is gone or says nothing. */
async function lookAt({ store }: SegmentDeps, key: string): Promise<SegmentObject | undefined> {
  const found = await store.head(key);
  try {
    return found && readSegmentMetadata(key, found.metadata);
  } catch (error) {
    if (isKind(error, "damage")) return undefined;
    throw error;
  }
}

function endOf(key: string, object: SegmentObject | undefined): number {
  return object?.kind === "segment" ? object.head.last : segmentOfKey(key)!.first;
}

/** The segment follows from our parent's head and is whole. */
async function goesOn(deps: ClosingDeps, key: string): Promise<boolean> {
  const { log } = deps;
  const { position, hash } = log.genesis.parent!;
  if (segmentOfKey(key)!.first !== position + 1) return false;
  try {
    const { object, body } = await fetchSegment(deps, key);
    if (object.kind === "closing" || object.head.previous !== hash) return false;
    openSegment(deps, body, object.head, log.logs().at(-2)!.genesis.key);
    return true;
  } catch (error) {
    if (isKind(error, "damage", "gone")) return false;
    throw error;
  }
}
