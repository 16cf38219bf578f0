import { isKind } from "../core/error.ts";
import { genesisHash, type LogPart } from "../core/event/line.ts";
import { type SegmentHead, segmentOfKey } from "../core/log_segment.ts";
import { otherName } from "../core/sealed_name.ts";
import type { JobLog, StoredLine } from "../ports/event_log.ts";
import { lastCheckpoint } from "./checkpoint_due.ts";
import { fetchEachSegment } from "./each_segment.ts";
import { keptLines } from "./kept_lines.ts";
import {
  checkSignature,
  type FetchedSegment,
  listSegments,
  openSegment,
  type SegmentDeps,
} from "./read_segment.ts";
import { verifyClosed } from "./verify_closed.ts";

export interface ShippedReport {
  /** Segments whose signed heads were compared with the log on this machine. */
  readonly segments: number;
  /** Of these, encrypted ones that no identity opened: their lines were not read. */
  readonly unopened: number;
  /** Last position that the repository has; 0 for none. */
  readonly position: number;
  /** What is wrong, as sentences. */
  readonly damage: readonly string[];
  /** What is no fault of the log, and worth knowing. */
  readonly notes: readonly string[];
}

/**
 * Compares the log on this machine with its segments in the repository: each head has to be signed by
 * the log's key, each segment has to follow the one before it, hold the very lines that are here, and
 * be there at all where the log says that it was shipped. So a log that was rewritten here is found,
 * and one that was forked, forged or cut there. Throws kind "unreachable", "denied".
 */
export async function verifyShipped(
  log: JobLog,
  deps: SegmentDeps,
  signal: AbortSignal,
): Promise<ShippedReport> {
  const found: Findings = { damage: [], notes: [], segments: 0, unopened: 0 };
  let position = 0;
  const parts = log.logs();
  const kept = keptLines(log);
  const listed: string[][] = [];
  for (const { genesis } of parts) {
    listed.push(await listSegments(deps.store, genesis.log, { from: 1 }));
  }
  for (const [i, part] of parts.entries()) {
    nameMissing(log, part, new Set(listed[i]), found);
    const next = parts[i + 1]?.genesis;
    const last = next?.parent?.position ?? Infinity;
    // A log that is on this machine alone has closed none.
    const isClosed = next !== undefined && listed[i + 1].length > 0;
    const within = listed[i].filter((key) => !isClosed || segmentOfKey(key)!.first <= last);
    const context = { log, deps, signal, part, last, isClosed, kept };
    position = Math.max(position, await verifyPart(context, within, found));
    if (!isClosed || last < notHadBefore(log)) continue;
    const closed = { genesis: part.genesis, last, hash: next.parent!.hash, next };
    const behind = listed[i].slice(within.length);
    const report = await verifyClosed(deps, closed, behind, signal);
    found.damage.push(...report.damage);
    found.notes.push(...report.notes);
  }
  return { ...found, position };
}

interface Findings {
  readonly damage: string[];
  readonly notes: string[];
  segments: number;
  unopened: number;
}

interface PartContext {
  readonly log: JobLog;
  readonly deps: SegmentDeps;
  readonly signal: AbortSignal;
  readonly part: LogPart;
  /** Last position that this log has, before the next one goes on. */
  readonly last: number;
  /** The next one is in the repository. */
  readonly isClosed: boolean;
  /** What is here still of the events that were cut. */
  readonly kept: readonly StoredLine[];
}

/** Up to there the repository need not have the log: it was rebuilt without. What was cut it must have. */
function notHadBefore({ base }: JobLog): number {
  return base === undefined || base.cut !== undefined ? 0 : base.position;
}

/** What the log says it has shipped and the repository has not. */
function nameMissing(log: JobLog, { genesis }: LogPart, keys: Set<string>, found: Findings): void {
  const base = log.base?.position ?? 0;
  let before = 0;
  for (const { log: id, key, first, last } of log.index.segments("segment")) {
    if (id !== genesis.log || keys.has(key) || keys.has(otherName(key))) continue;
    if (last <= notHadBefore(log)) {
      before++;
      continue;
    }
    // Nobody has the key any more that signs what is in a log before the newest.
    const mend = last <= base
      ? "they were cut here, and are lost"
      : id === log.genesis.log
      ? "`holdfast log ship` puts it back"
      : "`holdfast log checkpoint` lets a rebuild do without it";
    found.damage.push(
      `the log segment ${key} with the events ${first} to ${last} is not in the repository: ${mend}`,
    );
  }
  if (before === 0) return;
  found.notes.push(
    `${before} segments from before the checkpoint at position ${base} are not in the repository: ` +
      "what they held is gone",
  );
}

async function verifyPart(
  context: PartContext,
  keys: readonly string[],
  found: Findings,
): Promise<number> {
  const base = notHadBefore(context.log);
  let before: SegmentHead | undefined;
  let position = 0;
  /** The next event that has to be there; undefined where that cannot be said. */
  let next: number | undefined = Math.max(context.part.first, base + 1);
  for await (const { key, segment, error } of fetchEachSegment(context.deps, keys)) {
    context.signal.throwIfAborted();
    if (error !== undefined) {
      found.damage.push(error.message);
      // What it held is not lacking: it is there, and damaged.
      before = next = undefined;
    }
    if (segment === undefined || segment.object.kind === "placeholder") continue;
    if (segment.object.kind === "closing") {
      const { closedBy, host } = segment.object.closing;
      if (context.last === Infinity) {
        found.notes.push(`the log was taken over by ${host}: it goes on as ${closedBy}`);
      }
      continue;
    }
    const { head } = segment.object;
    try {
      checkSignature(context.deps, key, head, context.part.genesis.key);
    } catch (error) {
      found.damage.push(messageOfDamage(error));
      before = next = undefined;
      continue;
    }
    found.segments++;
    nameGap(next, head.first - 1, found);
    nameFork(before, head, key, found);
    nameBeginning(context, head, key, found);
    before = head;
    next = Math.max(head.last, base) + 1;
    position = head.last;
    await compare(context, { ...segment, head }, found);
  }
  if (context.isClosed) nameUnshipped(context, next, found);
  return position;
}

/** What is lacking at the end, and what nobody had the key any more to ship. */
function nameUnshipped(
  { log, last }: PartContext,
  next: number | undefined,
  found: Findings,
): void {
  const behind = lastCheckpoint(log)?.position ?? 0;
  if (behind <= last || next === undefined) nameGap(next, last, found);
  else if (next <= last) {
    found.notes.push(
      `the repository lacks the events ${next} to ${last}, from before the log was taken over: a ` +
        `rebuild begins with the checkpoint at position ${behind}`,
    );
  }
}

function nameGap(next: number | undefined, last: number, { damage }: Findings): void {
  if (next === undefined || next > last) return;
  damage.push(`the repository lacks the events ${next} to ${last} of the log`);
}

function nameFork(
  before: SegmentHead | undefined,
  { first, previous }: SegmentHead,
  key: string,
  { damage }: Findings,
): void {
  if (before === undefined || first > before.last + 1) return;
  if (first <= before.last) {
    damage.push(
      `the log is forked in the repository: ${key} has events that are in another segment`,
    );
  } else if (previous !== before.head) {
    damage.push(
      `the log is forked in the repository: ${key} does not follow the segment before it`,
    );
  }
}

/** Of a log that was cut, what is here does not tell where it began: its genesis does. */
function nameBeginning(
  { log, deps, part: { first, genesis } }: PartContext,
  head: SegmentHead,
  key: string,
  { damage }: Findings,
): void {
  if (log.base?.cut === undefined || head.first !== first) return;
  if (head.previous === genesisHash(genesis, deps.hashing.sha256)) return;
  damage.push(`the log segment ${key} is not the beginning of the log`);
}

type HeadedSegment = FetchedSegment & { readonly head: SegmentHead };

async function compare(
  { log, deps, part, last, kept }: PartContext,
  segment: HeadedSegment,
  found: Findings,
): Promise<void> {
  const { head } = segment;
  let lines: readonly Uint8Array[] | undefined;
  try {
    lines = await openSegment(deps, segment, head, part.genesis.key);
  } catch (error) {
    if (isKind(error, "damage")) found.damage.push(error.message);
    else if (isKind(error, "key")) found.unopened++;
    else throw error;
  }
  const end = Math.min(log.head().position, last);
  if (head.last > end) {
    found.notes.push(
      `the repository has the events ${Math.max(end + 1, head.first)} to ${head.last}, ` +
        "and this database has not: it is older, or was cut",
    );
  }
  const base = log.base?.position ?? 0;
  nameChanged(kept, head, lines, found);
  if (head.last === base && head.head !== log.base?.hash) {
    found.damage.push(
      `event ${base}, which the log on this machine begins behind, is another one in the repository`,
    );
  }
  if (head.last <= base || head.first > end) return;
  if (head.last <= end && log.hashAt(head.last) === head.head) return;
  const differs = firstDifferent(log, head, lines, {
    from: Math.max(head.first, base + 1),
    to: end,
  });
  if (differs !== undefined) {
    found.damage.push(
      `event ${differs} on this machine is not the one that was shipped and signed: the log was ` +
        "rewritten here, or is another machine's there",
    );
  }
}

/** Kept lines are in no chain on this machine: the repository's tells what they are. */
function nameChanged(
  kept: readonly StoredLine[],
  { first, last }: SegmentHead,
  lines: readonly Uint8Array[] | undefined,
  { damage }: Findings,
): void {
  if (lines === undefined) return;
  for (const { position, line } of kept) {
    if (position < first || position > last || isEqual(line, lines[position - first])) continue;
    damage.push(
      `event ${position}, which was kept here, is not the one that was shipped and signed`,
    );
  }
}

/** Without the lines it is somewhere in the segment: its first position stands for it. */
function firstDifferent(
  log: JobLog,
  { first, last }: SegmentHead,
  lines: readonly Uint8Array[] | undefined,
  range: { readonly from: number; readonly to: number },
): number | undefined {
  if (lines === undefined) return last <= range.to ? range.from : undefined;
  for (const { position, line } of log.lines({ from: range.from, to: Math.min(last, range.to) })) {
    if (!isEqual(line, lines[position - first])) return position;
  }
  return undefined;
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function messageOfDamage(error: unknown): string {
  if (isKind(error, "damage")) return error.message;
  throw error;
}
