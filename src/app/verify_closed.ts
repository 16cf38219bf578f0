import { isKind } from "../core/error.ts";
import { type Genesis, genesisLine } from "../core/event/line.ts";
import { logFolder, readClosingBody } from "../core/log_segment.ts";
import { fetchEachSegment } from "./each_segment.ts";
import {
  checkSignature,
  type FetchedSegment,
  type SegmentDeps,
  unpackSegment,
} from "./read_segment.ts";

/** A log that ended, and the one that goes on; both have been shipped. */
export interface ClosedLog {
  readonly genesis: Genesis;
  /** Its last event that the next log follows. */
  readonly last: number;
  readonly hash: string;
  readonly next: Genesis;
}

export interface ClosedReport {
  /** As sentences. */
  readonly damage: readonly string[];
  readonly notes: readonly string[];
}

/**
 * What the repository has behind the end of a log that another one has taken over. It has to be closed
 * there for that log: else its former writer does not notice, and a rebuild does not find what follows.
 * It must not go on there. All else was lost or damaged when the log went on, and was given up then.
 */
export async function verifyClosed(
  deps: SegmentDeps,
  closed: ClosedLog,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ClosedReport> {
  const damage: string[] = [];
  let givenUp = 0;
  let isClosed = false;
  for await (const { segment } of fetchEachSegment(deps, keys)) {
    signal.throwIfAborted();
    if (segment?.object.kind === "placeholder") continue;
    if (segment?.object.kind === "closing" && segment.object.closing.closedBy === closed.next.log) {
      isClosed = true;
      damage.push(...await wrongClosing(deps, closed, segment));
    } else if (segment !== undefined && goesOn(deps, closed, segment)) {
      damage.push(
        `the log is forked in the repository: ${segment.key} follows event ${closed.last}, ` +
          `from where it goes on as ${closed.next.log}`,
      );
    } else givenUp++;
  }
  const { log } = closed.genesis;
  if (!isClosed) {
    damage.push(
      `the log segment that closes ${logFolder(log)} for ${closed.next.log} is not in the ` +
        "repository, or is damaged: a rebuild does not find what follows",
    );
  }
  const notes = givenUp === 0 ? [] : [
    `${givenUp} objects of ${logFolder(log)} are from behind event ${closed.last}, where the log ` +
    `went on as ${closed.next.log}: they were given up then`,
  ];
  return { damage, notes };
}

/** Sentences: none where it says what it has to. */
async function wrongClosing(
  { coding }: SegmentDeps,
  { hash, next }: ClosedLog,
  { key, object, body }: FetchedSegment,
): Promise<string[]> {
  if (object.kind !== "closing") return [];
  if (object.closing.previous !== hash) {
    return [`the log segment ${key} does not follow from the one before it`];
  }
  try {
    const text = new TextDecoder().decode(await unpackSegment(coding, { key, body }));
    const said = genesisLine(readClosingBody(text, object.closing));
    return said === genesisLine(next) ? [] : [`the log segment ${key} closes for another log`];
  } catch (error) {
    // Without an identity its head has to do.
    if (isKind(error, "key")) return [];
    if (isKind(error, "damage")) return [error.message];
    throw error;
  }
}

/** The very next events of the log, by its own writer. */
function goesOn(
  deps: SegmentDeps,
  { genesis, last, hash }: ClosedLog,
  { key, object }: FetchedSegment,
): boolean {
  if (object.kind !== "segment") return false;
  const { head } = object;
  if (head.first !== last + 1 || head.previous !== hash) return false;
  try {
    checkSignature(deps, key, head, genesis.key);
    return true;
  } catch (error) {
    if (isKind(error, "damage")) return false;
    throw error;
  }
}
