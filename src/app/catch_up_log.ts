import { chainHash } from "../core/event/line.ts";
import { readSegmentMetadata, segmentKey } from "../core/log_segment.ts";
import { eventHead } from "../core/log_segment_lines.ts";
import { suffixOf } from "../core/sealed_name.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import {
  fetchSegment,
  fetchSegments,
  linesOf,
  listSegments,
  openSegment,
  type SegmentDeps,
} from "./read_segment.ts";
import {
  firstUnshipped,
  forked,
  isOnChain,
  lastShipped,
  type SegmentInStore,
  takenOver,
} from "./segment_state.ts";

export interface CatchUpDeps extends SegmentDeps {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly emit: SignalSink;
  /** Goes on also behind a run of another host, or one without an end: after a confirmed takeover. */
  readonly anyHost?: boolean;
}

/**
 * Compares this database's log with the repository's, by one LIST where they are in step. Events that
 * another database of this log has shipped are appended here as they are, where they go on from our
 * head. Returns the segments that are ours and that no event records yet. Throws kind "locked" where
 * the log was taken over, has another end there, or is being written by another machine; kind "key"
 * where what is to be appended is encrypted and cannot be opened.
 */
export async function catchUp(deps: CatchUpDeps): Promise<SegmentInStore[]> {
  const { log, store, emit } = deps;
  const { job } = log.genesis;
  const last = lastShipped(log);
  const keys = await keysFromLast(deps);
  if (last !== undefined && !keys.includes(last.key)) {
    emit({ kind: "notice", text: `the log segment ${last.key} is not in the repository any more` });
  }
  const unknown = keys.filter((key) => key !== last?.key);
  const unrecorded: SegmentInStore[] = [];
  for (const [i, key] of unknown.entries()) {
    const found = await store.head(key);
    if (found === undefined) continue;
    const object = readSegmentMetadata(key, found.metadata);
    // The segment itself has the position's other name.
    if (object.kind === "placeholder") continue;
    if (object.kind === "closing") throw takenOver(job, object.closing);
    const { head } = object;
    if (isOnChain(log, head)) {
      unrecorded.push({ key, head });
      continue;
    }
    if (log.hashBefore(head.first) !== head.previous) {
      throw forked(job, key, `its events from ${head.first} on do not follow from ours`);
    }
    // What is encrypted need not be opened to see that it is not ours.
    const isBehind = head.last <= log.head().position || head.first <= (last?.last ?? 0);
    if (suffixOf(key) !== "" && isBehind) {
      throw forked(job, key, `its events from ${head.first} on are not ours`);
    }
    await fastForward(deps, unknown.slice(i));
    return await catchUp(deps);
  }
  return unrecorded.filter(({ head }) => head.first >= firstUnshipped(log));
}

/** From the last segment on that is known to be there. One LIST. */
function keysFromLast({ log, store }: Pick<CatchUpDeps, "log" | "store">): Promise<string[]> {
  const { log: id } = log.genesis;
  const last = lastShipped(log);
  const from = last?.first ?? log.logs().at(-1)!.first;
  const startAfter = last === undefined ? {} : { startAfter: segmentKey(id, last.first - 1) };
  return listSegments(store, id, { from, ...startAfter });
}

/**
 * In the middle of a run: throws kind "locked" where the log was taken over, or another copy of this
 * database writes it. One LIST where it was not.
 */
export async function refuseOvertaken(
  { log, store }: Pick<CatchUpDeps, "log" | "store">,
): Promise<void> {
  const { job } = log.genesis;
  const last = lastShipped(log);
  for (const key of await keysFromLast({ log, store })) {
    if (key === last?.key) continue;
    const found = await store.head(key);
    if (found === undefined) continue;
    const object = readSegmentMetadata(key, found.metadata);
    if (object.kind === "closing") throw takenOver(job, object.closing);
    if (object.kind === "placeholder" || isOnChain(log, object.head)) continue;
    throw forked(job, key, `another machine has written its events from ${object.head.first} on`);
  }
}

/** Two bodies on their way while one is appended. */
const AHEAD = 2;

async function fastForward(deps: CatchUpDeps, keys: readonly string[]): Promise<void> {
  const { log, emit } = deps;
  const { job, key: publicKey } = log.genesis;
  if (!deps.anyHost) await refuseOthersRun(deps, keys);
  await tryToOpen(deps, keys);
  const before = log.head().position;
  for await (const fetched of fetchSegments(deps, keys, AHEAD)) {
    const { key, object } = fetched;
    if (object.kind === "placeholder") continue;
    if (object.kind === "closing") throw takenOver(job, object.closing);
    const { head } = object;
    if (head.previous !== log.hashBefore(head.first)) {
      throw forked(job, key, `its events from ${head.first} on do not follow from ours`);
    }
    const lines = await openSegment(deps, fetched, head, publicKey);
    const known = log.head().position - head.first + 1;
    if (hashAfter(deps, head.previous, lines.slice(0, known)) !== log.head().hash) {
      throw forked(job, key, `its events from ${head.first} on are not ours`);
    }
    log.importLines(lines.slice(known));
  }
  const count = log.head().position - before;
  emit({
    kind: "notice",
    text: `${count} events came from the repository: this database was behind`,
  });
}

/** Before the first of them is appended: throws kind "key" where what is encrypted cannot be opened. */
async function tryToOpen(deps: CatchUpDeps, keys: readonly string[]): Promise<void> {
  const key = keys.find((key) => suffixOf(key) !== "");
  if (key === undefined) return;
  const fetched = await fetchSegment(deps, key);
  if (fetched.object.kind === "segment") await linesOf(deps, fetched);
}

function hashAfter(
  { hashing }: SegmentDeps,
  previous: string,
  lines: readonly Uint8Array[],
): string {
  return lines.reduce((hash, line) => chainHash(hash, line, hashing.sha256), previous);
}

/** The events there may be those of a machine that is at work, or of one that may come back. */
async function refuseOthersRun(deps: CatchUpDeps, keys: readonly string[]): Promise<void> {
  const { log, environment } = deps;
  const { job } = log.genesis;
  const run = await lastRun(deps, keys);
  if (run === undefined) return;
  const { host, finished, key } = run;
  if (host !== environment.hostname) {
    throw forked(job, key, `the host ${host} has written it since`);
  }
  if (!finished) throw forked(job, key, "a run that this database does not know has no end yet");
}

interface LastRun {
  readonly host: string;
  readonly finished: boolean;
  readonly key: string;
}

/** The newest run of these segments, looked for from their end. */
async function lastRun(deps: CatchUpDeps, keys: readonly string[]): Promise<LastRun | undefined> {
  const ended = new Set<string>();
  for (const key of keys.toReversed()) {
    const fetched = await fetchSegment(deps, key);
    const { object } = fetched;
    if (object.kind === "placeholder") continue;
    if (object.kind === "closing") throw takenOver(deps.log.genesis.job, object.closing);
    for (const line of (await linesOf(deps, fetched)).reverse()) {
      const { type, run } = eventHead(line);
      if (type === "RunFinished") ended.add(run);
      if (type === "RunInterrupted") ended.add(dataOf(line).run);
      if (type !== "RunStarted") continue;
      return { host: dataOf(line).host, finished: ended.has(run), key };
    }
  }
  const [known] = deps.log.index.runs(1);
  if (known === undefined) return undefined;
  const finished = known.finished !== null || known.interrupted || ended.has(known.run);
  return { host: known.host, finished, key: keys[0] };
}

function dataOf(line: Uint8Array): { run: string; host: string } {
  return JSON.parse(new TextDecoder().decode(line)).data;
}
