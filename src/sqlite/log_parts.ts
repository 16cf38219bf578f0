import type { DatabaseSync } from "node:sqlite";
import { type ChainPlace, chainStart, enterLogs, partAt } from "../core/event/log_chain.ts";
import { firstPosition, type Genesis, genesisLine, type LogPart } from "../core/event/line.ts";
import { HoldfastError } from "../core/error.ts";
import { hex, type Sha256 } from "../core/hash.ts";
import type { LogBase } from "../ports/event_log.ts";
import { bytesIn, numberIn, textIn } from "./column.ts";
import { damaged } from "./database.ts";
import { LOGS_SCHEMA, noGap } from "./schema.ts";

type Raw = Record<string, unknown>;

/** The logs that follow one another in a database, oldest first. */
export function readLogs(db: DatabaseSync, file: string): LogPart[] {
  const row = db.prepare("SELECT value FROM meta WHERE name = 'genesis'").get() as Raw | undefined;
  if (row === undefined) {
    throw new HoldfastError("damage", `the database ${file} has no genesis`, { context: { file } });
  }
  const first = parseGenesis(file, textIn(row.value));
  const later = hasLogs(db)
    ? db.prepare("SELECT first, genesis FROM logs ORDER BY first").all() as Raw[]
    : [];
  return [
    { first: 1, genesis: first },
    ...later.map((raw) => ({
      first: numberIn(raw.first),
      genesis: parseGenesis(file, textIn(raw.genesis)),
    })),
  ];
}

function parseGenesis(file: string, text: string): Genesis {
  try {
    const genesis = JSON.parse(text) as Genesis;
    const { parent } = genesis;
    // What is made of it is hashed, so a changed value is found; a changed name is not there at all.
    if (parent === undefined) throw new RangeError("a genesis names no parent");
    return genesis;
  } catch (error) {
    throw damaged(file, error as Error);
  }
}

/** Databases from before the takeover have no such table. */
function hasLogs(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'logs'").get() !== undefined;
}

/** Gives an older database what it needs for several logs. */
export function addLogsTable(db: DatabaseSync): void {
  if (hasLogs(db)) return;
  db.exec("BEGIN IMMEDIATE");
  if (!hasLogs(db)) db.exec(`${LOGS_SCHEMA} DROP TRIGGER IF EXISTS events_no_gap; ${noGap()}`);
  db.exec("COMMIT");
}

export function addLog(db: DatabaseSync, genesis: Genesis): void {
  db.prepare("INSERT INTO logs VALUES (?, ?)").run(firstPosition(genesis), genesisLine(genesis));
}

/** Where the events that a database has follow one another from. */
export interface ChainPlaces {
  readonly logs: readonly LogPart[];
  readonly base: LogBase | undefined;
}

/** What an event at this position is, or would be, chained to. */
export function placeBefore(
  db: DatabaseSync,
  { logs, base }: ChainPlaces,
  position: number,
  sha256: Sha256,
): ChainPlace {
  const row = db.prepare(
    "SELECT position, hash FROM events WHERE position < ? ORDER BY position DESC LIMIT 1",
  ).get(position) as Raw | undefined;
  // What is kept from before the base is no part of the chain.
  const isChained = row !== undefined && numberIn(row.position) > (base?.position ?? 0);
  const last = !isChained ? chainStart(logs, sha256, base) : {
    position: numberIn(row.position),
    hash: hex(bytesIn(row.hash)),
    part: partAt(logs, numberIn(row.position)),
  };
  return enterLogs(last, logs, position, sha256);
}
