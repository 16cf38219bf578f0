import { HoldfastError } from "../core/error.ts";
import { chainHash } from "../core/event/line.ts";
import { type ChainPlace, chainStart, enterLogs } from "../core/event/log_chain.ts";
import type { SignalSink } from "../core/signal.ts";
import type { LogHead, LogReader } from "../ports/event_log.ts";
import type { PastWriter } from "../ports/past_events.ts";
import {
  type FetchedSegment,
  fetchSegments,
  listSegments,
  openSegment,
  type SegmentDeps,
} from "./read_segment.ts";

export interface PastDeps extends SegmentDeps {
  readonly past: PastWriter;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

/** Bodies of up to a few MiB each. */
const AHEAD = 3;

/**
 * Reads the events up to a head from the repository's segments: each signed by its log's key, each
 * chained to the one before it, and the last of them the very event that this machine has or had at
 * that position. From the log's first event on, or from what this machine has no event before. Throws
 * kind "damage" where the repository has not all of it, "key" where it cannot be opened, and as the
 * store does.
 */
export async function fetchPast(
  log: LogReader,
  deps: PastDeps,
  { to, from = "first event" }: {
    readonly to: LogHead;
    readonly from?: "first event" | "base";
  },
): Promise<void> {
  const parts = log.logs();
  const { sha256 } = deps.hashing;
  let at = chainStart(parts, sha256, from === "base" ? log.base : undefined);
  deps.emit({ kind: "phase", name: "rebuild" });
  for (; at.part < parts.length; at = enterLogs(at, parts, parts[at.part + 1].first, sha256)) {
    const next = parts[at.part + 1];
    const isLast = next === undefined || next.first > to.position;
    const end = isLast ? to.position : next.genesis.parent!.position;
    at = await fetchPart(log, deps, at, end);
    if (isLast) break;
  }
  if (at.hash !== to.hash) {
    throw new HoldfastError(
      "damage",
      `the repository's log has another event ${to.position} than this machine`,
      { context: { position: to.position } },
    );
  }
}

/** What one log has up to a position. Returns how far that is. */
async function fetchPart(
  log: LogReader,
  deps: PastDeps,
  start: ChainPlace,
  end: number,
): Promise<ChainPlace> {
  const { genesis } = log.logs()[start.part];
  let at = start;
  if (at.position >= end) return at;
  const keys = await listSegments(deps.store, genesis.log, { from: at.position + 1 });
  let done = 0;
  for await (const segment of fetchSegments(deps, keys, AHEAD)) {
    deps.signal.throwIfAborted();
    deps.emit({ kind: "rebuild", done: ++done, total: keys.length });
    if (segment.object.kind === "closing") break;
    if (segment.object.kind === "placeholder") continue;
    at = await takeSegment(deps, segment, { at, end, key: genesis.key });
    if (at.position >= end) return at;
  }
  throw lacking(at.position + 1, end);
}

async function takeSegment(
  deps: PastDeps,
  segment: FetchedSegment,
  { at, end, key }: { readonly at: ChainPlace; readonly end: number; readonly key: string },
): Promise<ChainPlace> {
  if (segment.object.kind !== "segment") return at;
  const { head } = segment.object;
  if (head.first !== at.position + 1) throw lacking(at.position + 1, head.first - 1);
  if (head.previous !== at.hash) {
    throw new HoldfastError(
      "damage",
      `the log segment ${segment.key} does not follow from the one before it`,
      { context: { segment: segment.key } },
    );
  }
  const lines = (await openSegment(deps, segment, head, key)).slice(0, end - at.position);
  const hashes: string[] = [];
  let { hash } = at;
  for (const line of lines) hashes.push(hash = chainHash(hash, line, deps.hashing.sha256));
  deps.past.add(head.first, lines, hashes);
  return { ...at, position: at.position + lines.length, hash };
}

function lacking(first: number, last: number): HoldfastError {
  return new HoldfastError(
    "damage",
    `the repository lacks the events ${first} to ${last} of the log`,
    { context: { position: first } },
  );
}
