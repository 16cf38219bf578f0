import { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../core/error.ts";
import { hex, type Sha256 } from "../core/hash.ts";
import { indexFold } from "../core/index/fold.ts";
import { projectRuns } from "../core/index/run_fold.ts";
import type { LogReader } from "../ports/event_log.ts";
import type { Replay, Replayer } from "../ports/replay.ts";
import { guarded } from "./database.ts";
import { sqliteIndexModel } from "./index_model.ts";
import { pagedRows } from "./paged_rows.ts";
import { rowDifferences } from "./row_differences.ts";
import {
  dropProjections,
  PROJECTED,
  type ProjectedTable,
  PROJECTION_SCHEMA,
  PROJECTION_TABLES,
  PROJECTION_VERSION,
} from "./schema.ts";

/** Replays in a temporary database file in `folder`: a large index must not fill the memory. */
export function sqliteReplayer(folder: string, sha256: Sha256): Replayer {
  const files = new WeakMap<Replay, { file: string; reached: () => number }>();
  return {
    begin() {
      const file = Deno.makeTempFileSync({ dir: folder, prefix: ".replay-", suffix: ".db" });
      const { replay, reached } = beginReplay(file, sha256);
      files.set(replay, { file, reached });
      return replay;
    },
    differences(log, replay, limit) {
      replay.settle();
      return withAttached(log, files.get(replay)!.file, "ro", (db) => rowDifferences(db, limit));
    },
    digests(log) {
      const db = new DatabaseSync(log.file, { readOnly: true });
      try {
        return guarded(log.file, () => tableDigests(db, sha256));
      } finally {
        db.close();
      }
    },
    adopt(log, replay) {
      const { file, reached } = files.get(replay)!;
      // A restore appends without the writer's lock: what came since is replayed, too.
      do {
        for (const event of log.events({ from: reached() + 1 })) replay.project(event);
        replay.settle();
      } while (!withAttached(log, file, "rw", (db) => adoptAttached(db, reached())));
    },
  };
}

function beginReplay(file: string, sha256: Sha256): { replay: Replay; reached: () => number } {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
  db.exec(PROJECTION_TABLES);
  const index = sqliteIndexModel(db);
  const fold = indexFold(index.tables);
  function settle(): void {
    if (db.isTransaction) db.exec("COMMIT");
  }
  let reached = 0;
  const replay: Replay = {
    index,
    project(event) {
      guarded(file, () => {
        if (!db.isTransaction) db.exec("BEGIN");
        try {
          fold.project(event);
          projectRuns(index.tables, event);
          reached = event.position;
        } catch (error) {
          throw isOfTheData(error) ? senseless(event.position, error) : error;
        }
      });
    },
    settle,
    digests() {
      settle();
      return tableDigests(db, sha256);
    },
    close() {
      db.close();
      Deno.removeSync(file);
    },
  };
  return { replay, reached: () => reached };
}

/** What the fold meets in an event that is JSON, but not of the form that its type has. */
function isOfTheData(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

function senseless(position: number, cause: Error): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${position} does not say what its type demands: ${cause.message}`,
    { context: { position }, cause },
  );
}

function withAttached<Result>(
  log: LogReader,
  file: string,
  mode: "ro" | "rw",
  work: (db: DatabaseSync) => Result,
): Result {
  const db = new DatabaseSync(log.file, { readOnly: mode === "ro" });
  try {
    return guarded(log.file, () => {
      db.prepare("ATTACH DATABASE ? AS replayed").run(file);
      return work(db);
    });
  } finally {
    db.close();
  }
}

/** False, and nothing done, where the log has gone on beyond what was replayed. */
function adoptAttached(db: DatabaseSync, reached: number): boolean {
  db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  const { head } = db.prepare("SELECT COALESCE(MAX(position), 0) AS head FROM main.events")
    .get() as {
      head: number;
    };
  if (head > reached) {
    db.exec("ROLLBACK");
    return false;
  }
  db.exec(dropProjections());
  db.exec(PROJECTION_SCHEMA);
  for (const table of PROJECTED) {
    const columns = table.columns.join(", ");
    db.exec(
      `INSERT INTO main.${table.name} (${columns}) SELECT ${columns} FROM replayed.${table.name}
       ORDER BY ${table.order}`,
    );
  }
  db.prepare(
    `INSERT OR REPLACE INTO projections
     SELECT 'index', ?, COALESCE(MAX(position), 0) FROM main.events`,
  ).run(PROJECTION_VERSION);
  db.exec("COMMIT");
  return true;
}

function tableDigests(db: DatabaseSync, sha256: Sha256): Record<string, string> {
  return Object.fromEntries(PROJECTED.map((table) => [table.name, tableDigest(db, table, sha256)]));
}

const CHUNK = 1000;

/** SHA-256, chained over chunks of rows as JSON arrays, so that memory stays bounded. */
function tableDigest(db: DatabaseSync, table: ProjectedTable, sha256: Sha256): string {
  const columns = table.columns.map((name) => `quote(${name})`).join(" || ',' || ");
  const query = { columns: `${columns} AS row`, table: table.name, keys: table.order.split(", ") };
  let digest = hex(sha256(table.name));
  let rows: string[] = [];
  for (const { row } of pagedRows(db, { ...query, page: CHUNK })) {
    rows.push(row as string);
    if (rows.length < CHUNK) continue;
    digest = hex(sha256(digest, rows.join("\n")));
    rows = [];
  }
  return rows.length === 0 ? digest : hex(sha256(digest, rows.join("\n")));
}
