import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../core/error.ts";
import type { AnyEvent, AnyNewEvent } from "../core/event/event.ts";
import { enterLogs } from "../core/event/log_chain.ts";
import {
  chainHash,
  eventLine,
  firstPosition,
  type Genesis,
  genesisLine,
  parseLine,
} from "../core/event/line.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { bytesOfHex, type Sha256 } from "../core/hash.ts";
import { indexFold } from "../core/index/fold.ts";
import { projectRuns } from "../core/index/run_fold.ts";
import type { AppendOptions, JobLog, LogBase, LogHead, LogReader } from "../ports/event_log.ts";
import type { Clock } from "../ports/environment.ts";
import { guarded, openDatabase } from "./database.ts";
import { guardedReads } from "./guarded_reads.ts";
import { sqliteIndexModel } from "./index_model.ts";
import { readBase } from "./base_state.ts";
import { checkedEvent } from "./checked_event.ts";
import { packLine } from "./line_storage.ts";
import { addLog, addLogsTable, readLogs } from "./log_parts.ts";
import { lineText, logReads, readHead } from "./log_reads.ts";
import { attachPast } from "./past_events.ts";
import { LOG_SCHEMA, PROJECTION_SCHEMA, PROJECTION_VERSION } from "./schema.ts";

export interface LogTools {
  readonly clock: Clock;
  readonly sha256: Sha256;
}

/** Creates a job's database with its genesis: only `init` does. */
export function createJobLog(file: string, genesis: Genesis, tools: LogTools): JobLog {
  if (existsSync(file)) {
    throw new HoldfastError("failed", `there is a database at ${file} already`, {
      context: { file },
    });
  }
  // Under another name until it is whole: a file that lies at `file` has all its tables.
  const unfinished = `${file}.new`;
  removeDatabase(unfinished);
  const db = openDatabase(unfinished, "create");
  closedOnError(db, unfinished, () => {
    db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    db.exec(LOG_SCHEMA);
    db.exec(PROJECTION_SCHEMA);
    db.prepare("INSERT INTO meta VALUES ('genesis', ?)").run(genesisLine(genesis));
    db.prepare("INSERT INTO projections VALUES ('index', ?, 0)").run(PROJECTION_VERSION);
    db.exec("COMMIT");
    db.close();
  });
  moveDatabase(unfinished, file);
  return openJobLog(file, tools, { mode: "write" });
}

/** Gives a database that nobody has open its name, so that it outlasts a power failure. */
export function moveDatabase(from: string, to: string): void {
  Deno.renameSync(from, to);
  syncFolder(dirname(to));
}

/** Removes a database with what SQLite has beside it. */
export function removeDatabase(file: string): void {
  for (const suffix of ["", "-wal", "-shm"]) removeFile(file + suffix);
}

/** The database as it is now, in a file of its own, whoever writes it meanwhile. */
export function copyDatabase(from: string, to: string): void {
  const db = openDatabase(from, "read");
  try {
    guarded(from, () => db.prepare("VACUUM INTO ?").run(to));
  } finally {
    db.close();
  }
}

function closedOnError<Result>(db: DatabaseSync, file: string, work: () => Result): Result {
  try {
    return guarded(file, work);
  } catch (error) {
    if (db.isOpen) db.close();
    throw error;
  }
}

function removeFile(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The name outlasts a power failure, where the platform can be told so. */
function syncFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  using handle = Deno.openSync(folder);
  handle.syncSync();
}

export interface OpenOptions {
  readonly mode: "write" | "read";
  /** Everything appended is undone at close: what a dry run needs. */
  readonly volatile?: boolean;
  /** What is read stays as it is now, whatever a writer commits until close. */
  readonly frozen?: boolean;
  /** File with the events that were cut: the log is read as if they were here. */
  readonly past?: string | undefined;
}

/** Opens a job's database. Throws kind "no-repository", "damage", "failed". */
export function openJobLog(file: string, tools: LogTools, options: OpenOptions): JobLog {
  const db = openDatabase(file, options.mode);
  return closedOnError(db, file, () => {
    if (options.mode === "write") addLogsTable(db);
    const base = beginning(db, options.past);
    // The first read of a transaction, that of the genesis, fixes what all others see.
    if (options.frozen) db.exec("BEGIN");
    return jobLog(db, file, tools, { volatile: options.volatile === true, base });
  });
}

/** What the log is read from, with what was cut before it. */
function beginning(db: DatabaseSync, past: string | undefined): LogBase | undefined {
  const base = readBase(db);
  if (base === undefined || past === undefined) return base;
  attachPast(db, past, base);
  return undefined;
}

/** Version of the projections in the database; other than PROJECTION_VERSION they must be replayed. */
export function projectionVersion(file: string): number {
  const db = openDatabase(file, "read");
  try {
    return guarded(file, () => {
      const row = db.prepare("SELECT version FROM projections WHERE name = 'index'").get();
      return (row as { version: number } | undefined)?.version ?? 0;
    });
  } finally {
    db.close();
  }
}

/** Opens the log alone: its projections may be of another version, or gone. `past` as above. */
export function openLogReader(
  file: string,
  sha256: Sha256,
  { past }: Pick<OpenOptions, "past"> = {},
): LogReader {
  const db = openDatabase(file, "read");
  return closedOnError(db, file, () => {
    const base = beginning(db, past);
    let known = readLogs(db, file);
    // Read anew each time: somebody may take the log over while it is followed.
    const logs = () => known = guarded(file, () => readLogs(db, file));
    return {
      ...logReads(db, file, logs, sha256, base),
      get genesis() {
        return known.at(-1)!.genesis;
      },
      logs,
      head: () => guarded(file, () => readHead(db, { logs: logs(), base }, sha256)),
      close: () => db.close(),
    };
  });
}

function jobLog(
  db: DatabaseSync,
  file: string,
  { clock, sha256 }: LogTools,
  { volatile, base }: { readonly volatile: boolean; readonly base: LogBase | undefined },
): JobLog {
  let logs = readLogs(db, file);
  const begins = readBase(db)?.position ?? 0;
  const index = sqliteIndexModel(db);
  const fold = indexFold(index.tables, index);
  const dataVersion = db.prepare("PRAGMA data_version");
  const insert = db.prepare("INSERT INTO main.events VALUES (?, ?, ?, ?, ?, ?, ?)");
  // What the projections were made from must be what the log held before these events.
  const reached = db.prepare(
    `UPDATE projections SET position = ?1 WHERE name = 'index' AND position =
       (SELECT COALESCE(MAX(position), ${begins}) FROM main.events
         WHERE position <= ?2 AND position > ${begins})`,
  );
  const lastEvent = db.prepare(
    `SELECT COALESCE(MAX(position), ${begins}) AS position FROM main.events
     WHERE position > ${begins}`,
  );
  const projected = db.prepare("SELECT position FROM projections WHERE name = 'index'");
  let head: LogHead | undefined;
  let seenVersion = -1;
  if (volatile) db.exec("BEGIN IMMEDIATE");

  function currentHead(): LogHead {
    const version = (dataVersion.get() as { data_version: number }).data_version;
    if (head === undefined || version !== seenVersion) {
      logs = readLogs(db, file);
      head = readHead(db, { logs, base }, sha256);
      if (seenVersion !== -1) forget();
      seenVersion = version;
    }
    return head;
  }

  function forget(): void {
    index.paths.forget();
    index.keys.forget();
  }

  function write(run: string, events: readonly AnyNewEvent[]): LogHead {
    const before = currentHead();
    let { position, hash } = before;
    for (const event of events) {
      position++;
      const time = Number(clock.now() / 1_000_000n);
      const at = new Date(time).toISOString();
      const line = encoder.encode(eventLine(event, { position, at, run }));
      hash = insertLine(line, hash, { ...event, position, at, run, version: 1 } as AnyEvent);
      freeBytes(line);
    }
    return advance(before, { position, hash });
  }

  function writeLines(lines: readonly Uint8Array[]): LogHead {
    const before = currentHead();
    let { position, hash } = before;
    for (const line of lines) {
      position++;
      const event = parseLine(lineText(line, position), position);
      const previous = hash;
      hash = checkedEvent(position, () => insertLine(line, previous, event));
    }
    return advance(before, { position, hash });
  }

  /** Returns the line's hash. */
  function insertLine(line: Uint8Array, previous: string, event: AnyEvent): string {
    const { position, at, run, type } = event;
    const { packed, stored } = packLine(line);
    const hash = chainHash(previous, line, sha256);
    insert.run(position, Date.parse(at), run, type, packed, stored, bytesOfHex(hash));
    fold.project(event);
    projectRuns(index.tables, event);
    return hash;
  }

  function advance(before: LogHead, after: LogHead): LogHead {
    const last = after.position === before.position ? eventsEnd() : after.position;
    if (Number(reached.run(last, before.position).changes) === 0) throw notInStep(file, before);
    return after;
  }

  /** Not the head's position where the newest log has no event yet. */
  function eventsEnd(): number {
    return (lastEvent.get() as { position: number }).position;
  }

  function inTransaction(durable: boolean, work: () => LogHead): LogHead {
    if (!volatile) {
      db.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
      db.exec("BEGIN IMMEDIATE");
    }
    try {
      const next = work();
      if (!volatile) db.exec("COMMIT");
      return head = next;
    } catch (error) {
      head = undefined;
      if (!volatile && db.isTransaction) db.exec("ROLLBACK");
      forget();
      throw error;
    }
  }

  function append(
    run: string,
    events: readonly AnyNewEvent[] | (() => readonly AnyNewEvent[]),
    { durable = false, within }: AppendOptions = {},
  ): number {
    const { position } = inTransaction(durable, () => {
      const next = write(run, typeof events === "function" ? events() : events);
      within?.();
      return next;
    });
    return position;
  }

  function beginLog(genesis: Genesis): void {
    inTransaction(true, () => {
      const place = { ...currentHead(), part: logs.length - 1 };
      const more = [...logs, { first: firstPosition(genesis), genesis }];
      const { position, hash } = enterLogs(place, more, Number.MAX_SAFE_INTEGER, sha256);
      addLog(db, genesis);
      logs = more;
      return { position, hash };
    });
  }

  return {
    ...logReads(db, file, () => logs, sha256, base),
    get genesis() {
      return logs.at(-1)!.genesis;
    },
    logs: () => logs = guarded(file, () => readLogs(db, file)),
    index: {
      ...guardedReads(file, index),
      tables: guardedReads(file, index.tables),
      paths: guardedReads(file, index.paths),
      keys: guardedReads(file, index.keys),
      packs: guardedReads(file, index.packs),
      restores: guardedReads(file, index.restores),
    },
    head: () => guarded(file, currentHead),
    projected: () =>
      guarded(file, () => (projected.get() as { position: number } | undefined)?.position ?? 0),
    importLines: (lines) => guarded(file, () => inTransaction(false, () => writeLines(lines))),
    beginLog: (genesis) => guarded(file, () => beginLog(genesis)),
    append: (run, events, options) => guarded(file, () => append(run, events, options)),
    close() {
      if (db.isTransaction) db.exec("ROLLBACK");
      db.close();
    },
  };
}

function notInStep(file: string, head: LogHead): HoldfastError {
  return new HoldfastError(
    "damage",
    `the log in ${file} ends at position ${head.position}, and its index was not made from that`,
    {
      context: { file, position: head.position },
      hint: "`holdfast log verify` says what is missing; nothing was written",
    },
  );
}

const encoder = new TextEncoder();
