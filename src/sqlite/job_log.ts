import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../core/error.ts";
import type { AnyEvent, AnyNewEvent } from "../core/event/event.ts";
import {
  chainHash,
  eventLine,
  type Genesis,
  genesisHash,
  genesisLine,
  parseLine,
} from "../core/event/line.ts";
import { bytesOfHex, hex, type Sha256 } from "../core/hash.ts";
import { indexFold } from "../core/index/fold.ts";
import { projectRuns } from "../core/index/run_fold.ts";
import type {
  AppendOptions,
  EventRange,
  EventVolume,
  JobLog,
  LogHead,
  LogReader,
} from "../ports/event_log.ts";
import type { Clock } from "../ports/environment.ts";
import { bytesIn } from "./column.ts";
import { damaged, guarded, openDatabase } from "./database.ts";
import { guardedReads, guardedRows } from "./guarded_reads.ts";
import { sqliteIndexModel } from "./index_model.ts";
import { packLine, readLines } from "./line_storage.ts";
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
  for (const suffix of ["", "-wal", "-shm"]) removeFile(unfinished + suffix);
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
  Deno.renameSync(unfinished, file);
  syncFolder(dirname(file));
  return openJobLog(file, tools, { mode: "write" });
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
}

/** Opens a job's database. Throws kind "no-repository", "damage", "failed". */
export function openJobLog(file: string, tools: LogTools, options: OpenOptions): JobLog {
  const db = openDatabase(file, options.mode);
  return closedOnError(db, file, () => {
    // The first read of a transaction, that of the genesis, fixes what all others see.
    if (options.frozen) db.exec("BEGIN");
    return jobLog(db, file, tools, { volatile: options.volatile === true });
  });
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

/** Opens the log alone: its projections may be of another version, or gone. */
export function openLogReader(file: string, sha256: Sha256): LogReader {
  const db = openDatabase(file, "read");
  return closedOnError(db, file, () => {
    const genesis = readGenesis(db, file);
    return {
      ...logReads(db, file, genesis, sha256),
      head: () => guarded(file, () => readHead(db, genesis, sha256)),
      close: () => db.close(),
    };
  });
}

function logReads(db: DatabaseSync, file: string, genesis: Genesis, sha256: Sha256) {
  const lines = (range?: EventRange) => guardedRows(file, () => readLines(db, range));
  const reads = guardedReads(file, {
    lastPositionAt(time: number): number {
      const row = db.prepare("SELECT MAX(position) AS position FROM events WHERE at <= ?").get(
        time,
      );
      return (row as { position: number | null }).position ?? 0;
    },
    volumes: () =>
      db.prepare(
        `SELECT type, COUNT(*) AS events, SUM(LENGTH(line)) AS bytes FROM events
         GROUP BY type ORDER BY type`,
      ).all() as unknown as EventVolume[],
  });
  return {
    ...reads,
    genesis,
    file,
    lines,
    *events(range: EventRange = {}): Generator<AnyEvent> {
      const { from = 1, to, ...filter } = range;
      const isWhole = Object.values(filter).every((value) => value === undefined);
      // Whoever folds or restores from these must not believe a line that is not what was written.
      let before = isWhole ? hashAt(db, file, from - 1) ?? genesisHash(genesis, sha256) : undefined;
      for (const { line, position, hash } of lines({ from, to, ...filter })) {
        if (before !== undefined && chainHash(before, line, sha256) !== hash) {
          throw notAsWritten(position);
        }
        if (before !== undefined) before = hash;
        yield parseLine(textOf(line, position), position);
      }
    },
  };
}

function hashAt(db: DatabaseSync, file: string, position: number): string | undefined {
  return guarded(file, () => {
    const row = db.prepare("SELECT hash FROM events WHERE position = ?").get(position);
    return row === undefined ? undefined : hex(bytesIn((row as { hash: unknown }).hash));
  });
}

function notAsWritten(position: number): HoldfastError {
  return new HoldfastError("damage", `event ${position} is not what was written`, {
    context: { position },
    hint: "`holdfast log verify` checks all of the log",
  });
}

function textOf(line: Uint8Array, position: number): string {
  try {
    return decoder.decode(line);
  } catch {
    throw notAsWritten(position);
  }
}

function readGenesis(db: DatabaseSync, file: string): Genesis {
  const row = db.prepare("SELECT value FROM meta WHERE name = 'genesis'").get() as
    | { value: string }
    | undefined;
  if (row === undefined) {
    throw new HoldfastError("damage", `the database ${file} has no genesis`, { context: { file } });
  }
  try {
    return JSON.parse(row.value);
  } catch (error) {
    throw damaged(file, error as Error);
  }
}

function readHead(db: DatabaseSync, genesis: Genesis, sha256: Sha256): LogHead {
  const row = db.prepare("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").get();
  if (row === undefined) return { position: 0, hash: genesisHash(genesis, sha256) };
  const { position, hash } = row as { position: number; hash: unknown };
  return { position, hash: hex(bytesIn(hash)) };
}

function jobLog(
  db: DatabaseSync,
  file: string,
  { clock, sha256 }: LogTools,
  { volatile = false }: { volatile?: boolean },
): JobLog {
  const genesis = readGenesis(db, file);
  const index = sqliteIndexModel(db);
  const fold = indexFold(index.tables);
  const dataVersion = db.prepare("PRAGMA data_version");
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)");
  const reached = db.prepare(
    "UPDATE projections SET position = ? WHERE name = 'index' AND position = ?",
  );
  const projected = db.prepare("SELECT position FROM projections WHERE name = 'index'");
  let head: LogHead | undefined;
  let seenVersion = -1;
  if (volatile) db.exec("BEGIN IMMEDIATE");

  function currentHead(): LogHead {
    const version = (dataVersion.get() as { data_version: number }).data_version;
    if (head === undefined || version !== seenVersion) {
      head = readHead(db, genesis, sha256);
      if (seenVersion !== -1) forget();
      seenVersion = version;
    }
    return head;
  }

  function forget(): void {
    index.paths.forget();
    fold.paths.forget();
  }

  function write(run: string, events: readonly AnyNewEvent[]): LogHead {
    const before = currentHead();
    let { position, hash } = before;
    for (const event of events) {
      position++;
      const time = Number(clock.now() / 1_000_000n);
      const at = new Date(time).toISOString();
      const { packed, stored, bytes } = packLine(eventLine(event, { position, at, run }));
      hash = chainHash(hash, bytes, sha256);
      insert.run(position, time, run, event.type, packed, stored, bytesOfHex(hash));
      const logged = { ...event, position, at, run, version: 1 } as AnyEvent;
      fold.project(logged);
      projectRuns(index.tables, logged);
    }
    if (Number(reached.run(position, before.position).changes) === 0) throw notInStep(file, before);
    return { position, hash };
  }

  function append(
    run: string,
    events: readonly AnyNewEvent[] | (() => readonly AnyNewEvent[]),
    { durable = false, within }: AppendOptions = {},
  ): number {
    if (!volatile) {
      db.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
      db.exec("BEGIN IMMEDIATE");
    }
    try {
      const next = write(run, typeof events === "function" ? events() : events);
      within?.();
      if (!volatile) db.exec("COMMIT");
      head = next;
      return next.position;
    } catch (error) {
      head = undefined;
      if (!volatile && db.isTransaction) db.exec("ROLLBACK");
      forget();
      throw error;
    }
  }

  return {
    ...logReads(db, file, genesis, sha256),
    index: {
      ...guardedReads(file, index),
      tables: guardedReads(file, index.tables),
      paths: guardedReads(file, index.paths),
    },
    head: () => guarded(file, currentHead),
    projected: () =>
      guarded(file, () => (projected.get() as { position: number } | undefined)?.position ?? 0),
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

const decoder = new TextDecoder("utf-8", { fatal: true });
