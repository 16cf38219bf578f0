import { HoldfastError } from "../error.ts";
import type { Sha256 } from "../hash.ts";
import { genesisHash, type LogPart } from "./line.ts";

/** Where a walk along the chain of a database's logs stands: what the next line is chained to. */
export interface ChainPlace {
  /** Of the last event, or before the first of a log that has none yet. */
  readonly position: number;
  readonly hash: string;
  /** Index of the log among those of the database. */
  readonly part: number;
}

/** Before the first event of the first log; behind the base of a database that begins at one. */
export function chainStart(
  logs: readonly LogPart[],
  sha256: Sha256,
  base?: { readonly position: number; readonly hash: string },
): ChainPlace {
  if (base !== undefined) {
    return { position: base.position, hash: base.hash, part: partAt(logs, base.position) };
  }
  const [{ first, genesis }] = logs;
  return { position: first - 1, hash: genesisHash(genesis, sha256), part: 0 };
}

/** Index of the log that an event belongs to. */
export function partAt(logs: readonly LogPart[], position: number): number {
  return Math.max(0, logs.findLastIndex(({ first }) => first <= position));
}

/**
 * Enters the logs that begin up to a position. A log begins at the hash of its genesis, which names
 * the head of the log before it. Throws kind "damage" where it names another one.
 */
export function enterLogs(
  place: ChainPlace,
  logs: readonly LogPart[],
  position: number,
  sha256: Sha256,
): ChainPlace {
  let at = place;
  for (let part = at.part + 1; part < logs.length && logs[part].first <= position; part++) {
    const { first, genesis: { parent, ...genesis } } = logs[part];
    const before = logs[part - 1].genesis.log;
    const follows = parent?.log === before && parent.position === at.position &&
      parent.hash === at.hash && first > at.position;
    if (!follows) throw doesNotFollow(first, genesis.log);
    at = { position: first - 1, hash: genesisHash(logs[part].genesis, sha256), part };
  }
  return at;
}

function doesNotFollow(position: number, log: string): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${position} is not what was written: its log ${log} does not follow from the one before it`,
    { context: { position } },
  );
}
