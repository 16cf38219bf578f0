import { HoldfastError, isKind } from "../core/error.ts";
import type { Genesis } from "../core/event/line.ts";
import { readClosingBody, segmentOfKey } from "../core/log_segment.ts";
import type { RepositoryFile } from "../core/repository_file.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog } from "../ports/event_log.ts";
import {
  type FetchedSegment,
  fetchSegment,
  fetchSegments,
  listSegments,
  openSegment,
  type SegmentDeps,
  unpackSegment,
} from "./read_segment.ts";
import { findUnclosed } from "./unclosed_log.ts";

export interface PrefixDeps extends SegmentDeps {
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

export interface Prefix {
  readonly segments: number;
  readonly events: number;
  /** What could not be read, as sentences. */
  readonly missing: readonly string[];
  /** Why of each, without what follows from it. */
  readonly why: readonly string[];
  /** The newest log goes on behind what was read: its next positions are taken. */
  readonly isCut: boolean;
  /** When the store got the last that was read, in ms since 1970 by its own clock. */
  readonly until: number | undefined;
}

/** What begins the job's first log, as repository.json tells it. Throws kind "usage". */
export function firstGenesis(file: RepositoryFile, job: string, url: string): Genesis {
  const found = file.logs.find((log) => log.job === job) ??
    (file.logs.length === 1 ? file.logs[0] : undefined);
  if (found === undefined) {
    throw new HoldfastError("usage", `the repository at ${url} has no job ${job}`, {
      context: { url },
      hint: `name one of its jobs with --job: ${file.logs.map((log) => log.job).join(", ")}`,
    });
  }
  const { log, job: name, key } = found;
  return { format: 1, repository: file.repository, log, job: name, key, parent: null };
}

/** Bodies of up to a few MiB each: of 8 MiB of lines, compressed. */
const AHEAD = 7;

/**
 * Appends all of the repository's segments to an empty log, and goes on with the logs that have taken
 * over, each verified: hashes, signatures, and that one follows from the other. Ends at the first
 * that is missing or damaged: what is appended is the longest verified prefix.
 */
export async function importPrefix(deps: PrefixDeps, log: JobLog): Promise<Prefix> {
  const state: State = {
    ...{ deps, log, segments: 0, events: 0, total: 0, missing: [], why: [], until: undefined },
  };
  for (;;) {
    const { log: id } = log.genesis;
    const keys = await listSegments(deps.store, id, { from: log.head().position + 1 });
    state.total += keys.length;
    const before = state.missing.length;
    const followed = await importLog(state, keys);
    const isCut = state.missing.length > before;
    const next = followed ?? await unclosedNext(state);
    const { segments, events, missing, why, until } = state;
    if (next === undefined) return { segments, events, missing, why, isCut, until };
    log.beginLog(next);
    // Nothing but the right to write to the store is needed to close a log: a person should see it.
    const { position } = next.parent!;
    const text = `the log was taken over at position ${position}: it goes on as ${next.log}, ` +
      `signed by the Ed25519 key ${next.key}`;
    deps.emit({ kind: "notice", text });
  }
}

interface State {
  readonly deps: PrefixDeps;
  readonly log: JobLog;
  segments: number;
  events: number;
  total: number;
  readonly missing: string[];
  readonly why: string[];
  until: number | undefined;
}

/** The log that goes on, where the segment is lost that told so. */
async function unclosedNext({ deps, log, missing }: State): Promise<Genesis | undefined> {
  const found = await findUnclosed(deps, log);
  missing.push(...found.missing);
  return found.next;
}

/** Returns the genesis of the log that has taken over, where one has. */
async function importLog(state: State, keys: readonly string[]): Promise<Genesis | undefined> {
  const { deps, log, missing, why } = state;
  let done = 0;
  try {
    for await (const fetched of fetchSegments(deps, keys, AHEAD)) {
      deps.signal.throwIfAborted();
      const next = await importSegment(state, fetched);
      done++;
      if (next !== undefined) return next;
      if (fetched.object.kind === "placeholder") {
        state.total--;
        continue;
      }
      state.segments++;
      state.until = fetched.lastModified;
      deps.emit({ kind: "rebuild", done: state.segments, total: state.total });
    }
    return undefined;
  } catch (error) {
    if (!isWithheld(error, state.segments)) throw error;
    const from = log.head().position + 1;
    const unused = keys.length - done;
    why.push(error.message);
    missing.push(
      `${error.message}: the events from ${from} on are not in the index, ` +
        `${unused === 1 ? "1 segment is" : `${unused} segments are`} not used`,
    );
    return await closedBehind(state, keys);
  }
}

/**
 * Damaged, gone, or kept back by the store: archived, or denied where others of the log are not. Where
 * none can be read, it is the credentials that are wrong.
 */
function isWithheld(error: unknown, read: number): error is HoldfastError {
  return isKind(error, "damage", "gone", "refused") || (isKind(error, "denied") && read > 0);
}

/** Whoever has taken over from here has closed the log behind what is damaged. */
async function closedBehind(
  { deps, log, missing }: State,
  keys: readonly string[],
): Promise<Genesis | undefined> {
  try {
    const fetched = await lastFetched(deps, keys);
    if (fetched?.object.kind !== "closing") return undefined;
    const genesis = await closingGenesis(deps, log, fetched);
    const { position, hash } = log.head();
    if (genesis.parent?.position === position && genesis.parent.hash === hash) return genesis;
    missing.push(`the log goes on as ${genesis.log}, from event ${genesis.parent?.position}`);
  } catch (error) {
    if (!isWithheld(error, 1)) throw error;
  }
  return undefined;
}

/** That of the last of these which is no placeholder. */
async function lastFetched(
  deps: PrefixDeps,
  keys: readonly string[],
): Promise<FetchedSegment | undefined> {
  for (const key of keys.toReversed()) {
    const fetched = await fetchSegment(deps, key);
    if (fetched.object.kind !== "placeholder") return fetched;
  }
  return undefined;
}

async function closingGenesis(
  { coding }: PrefixDeps,
  log: JobLog,
  { key, object, body }: FetchedSegment,
): Promise<Genesis> {
  if (object.kind !== "closing") throw new TypeError(`${key} closes no log`);
  const text = new TextDecoder().decode(await unpackSegment(coding, { key, body }));
  const genesis = readClosingBody(text, object.closing);
  if (genesis.repository === log.genesis.repository) return genesis;
  throw new HoldfastError("damage", `the log segment ${key} names another repository`);
}

async function importSegment(
  state: State,
  fetched: FetchedSegment,
): Promise<Genesis | undefined> {
  const { deps, log } = state;
  const { key, object } = fetched;
  // The segment itself has the position's other name.
  if (object.kind === "placeholder") return undefined;
  const head = log.head();
  const { first } = segmentOfKey(key)!;
  if (first !== head.position + 1) {
    throw new HoldfastError(
      "damage",
      `there is no log segment that begins with event ${head.position + 1}`,
    );
  }
  const { previous } = object.kind === "segment" ? object.head : object.closing;
  if (previous !== head.hash) {
    throw new HoldfastError(
      "damage",
      `the log segment ${key} does not follow from the one before it`,
    );
  }
  if (object.kind === "closing") return await closingGenesis(deps, log, fetched);
  const lines = await openSegment(deps, fetched, object.head, log.genesis.key);
  log.importLines(lines);
  state.events += lines.length;
  return undefined;
}
