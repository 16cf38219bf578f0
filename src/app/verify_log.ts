import { HoldfastError, isKind } from "../core/error.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { type ChainPlace, chainStart, enterLogs } from "../core/event/log_chain.ts";
import { chainHash, type LogPart, parseLine } from "../core/event/line.ts";
import { hex, type Sha256 } from "../core/hash.ts";
import { sourceDigest } from "../core/index/tree_digest.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog, StoredLine } from "../ports/event_log.ts";
import type { Replay, Replayer } from "../ports/replay.ts";
import { checkpointProof } from "./checkpoint_proof.ts";

export interface VerifyOptions {
  /** Only the hash chain: needs no knowledge of event types. */
  readonly chainOnly: boolean;
  readonly emit: SignalSink;
}

export interface VerifyReport {
  readonly events: number;
  /** Hash of the last event. */
  readonly head: string;
  /** Position that the log on this machine begins behind; 0 where it has all of it. */
  readonly from: number;
  /** Of the newest checkpoint, where a replay came by it and made the same; undefined without one. */
  readonly checkpoint: number | undefined;
  /** ScanCompleted and SnapshotCreated whose digests the replay reproduced. */
  readonly proven: number;
  /** What is wrong, as sentences; the first names the first bad position. */
  readonly damage: readonly string[];
}

/** Differences named at most; the first is what matters. */
const NAMED = 20;

/** Verifies a log: its chain, then by replay each recorded digest and each live row. */
export function verifyLog(
  log: JobLog,
  replayer: Replayer,
  sha256: Sha256,
  options: VerifyOptions,
): VerifyReport {
  const replay = options.chainOnly ? undefined : replayer.begin(log);
  const at = chainStart(log.logs(), sha256, log.base);
  const chain: Chain = { logs: log.logs(), at, events: 0 };
  const checkpoint = replay && checkpointProof(log, replay, replayer.version);
  const from = log.base?.position ?? 0;
  let proven = 0;
  const report = () => ({
    ...{ events: chain.events, head: chain.at.hash, proven, from },
    checkpoint: checkpoint?.proven(),
  });
  try {
    checkpoint?.at(from);
    const total = log.head().position;
    // A writer may go on meanwhile: what it appends is verified too, until both are at one position.
    for (;;) {
      const before = chain.events;
      chain.logs = log.logs();
      for (const stored of log.lines(before === 0 ? {} : { from: chain.at.position + 1 })) {
        const event = verifyLine(stored, chain, sha256, options.chainOnly);
        if (replay !== undefined) proven += projectAndProve(replay, event, sha256);
        checkpoint?.at(event.position);
        if (chain.events % 256 === 0) {
          options.emit({ kind: "replay", done: event.position, total });
        }
      }
      const { position: reached } = chain.at;
      const projected = log.projected();
      const damage = replay === undefined ? [] : replayer.differences(log, replay, NAMED);
      if (log.head().position > reached && chain.events > before) continue;
      if (projected > reached) damage.unshift(missingEnd(reached, projected));
      enterLogs(chain.at, chain.logs, Number.MAX_SAFE_INTEGER, sha256);
      return { ...report(), damage };
    }
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
    return { ...report(), damage: [error.message] };
  } finally {
    replay?.close();
  }
}

/** How far a verification has come. */
interface Chain {
  logs: readonly LogPart[];
  at: ChainPlace;
  events: number;
}

function missingEnd(reached: number, projected: number): string {
  return `event ${reached + 1} is missing: the log ends before it, but the index was made from ` +
    `${projected} events`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function verifyLine(
  stored: StoredLine,
  chain: Chain,
  sha256: Sha256,
  chainOnly: boolean,
): AnyEvent {
  const { position } = stored;
  const before = enterLogs(chain.at, chain.logs, position, sha256);
  const expected = before.position + 1;
  if (position !== expected) {
    throw damaged(expected, `event ${expected} is missing, the next one is ${position}`);
  }
  if (chainHash(before.hash, stored.line, sha256) !== stored.hash) {
    throw damaged(position, `event ${position} is not what was written: its hash does not fit`);
  }
  chain.events++;
  chain.at = { ...before, position, hash: stored.hash };
  const event = chainOnly ? rawEvent(stored) : parseLine(textOf(stored), position);
  const differs = event.at !== stored.at || event.run !== stored.run || event.type !== stored.type;
  if (differs) {
    throw damaged(
      position,
      `event ${position} is filed under another time, run or type than its own`,
    );
  }
  return event;
}

function textOf({ line, position }: StoredLine): string {
  try {
    return decoder.decode(line);
  } catch {
    throw damaged(position, `event ${position} is not UTF-8`);
  }
}

/** The envelope alone. */
function rawEvent(stored: StoredLine): AnyEvent {
  const { position } = stored;
  let event: AnyEvent | null;
  try {
    event = JSON.parse(textOf(stored));
  } catch {
    throw damaged(position, `event ${position} is not JSON`);
  }
  if (event?.position === position) return event;
  throw damaged(position, `event ${position} says that it is at position ${event?.position}`);
}

function damaged(position: number, message: string): HoldfastError {
  return new HoldfastError("damage", message, { context: { position } });
}

/** Folds one event and returns how many recorded digests it proved. */
export function projectAndProve(replay: Replay, event: AnyEvent, sha256: Sha256): number {
  const { tables, paths } = replay.index;
  replay.project(event);
  if (event.type === "ScanCompleted") {
    const { source, digest } = event.data;
    prove(event, source, digest, hex(sourceDigest(tables, paths, source, "tree", sha256)));
    return 1;
  }
  if (event.type !== "SnapshotCreated") return 0;
  for (const { name, digest } of event.data.sources) {
    prove(event, name, digest, hex(sourceDigest(tables, paths, name, "content", sha256)));
  }
  return 1;
}

function prove(event: AnyEvent, source: string, recorded: string, replayed: string): void {
  if (recorded === replayed) return;
  const of = source === "" ? "" : ` of source ${source}`;
  throw damaged(
    event.position,
    `the tree digest${of} in event ${event.position} (${event.type}) does not follow from the events before it`,
  );
}
