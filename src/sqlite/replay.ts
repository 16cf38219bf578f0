import { DatabaseSync } from "node:sqlite";
import type { Sha256 } from "../core/hash.ts";
import { indexFold } from "../core/index/fold.ts";
import { projectRuns } from "../core/index/run_fold.ts";
import type { LogReader } from "../ports/event_log.ts";
import type { Replay, Replayer } from "../ports/replay.ts";
import { loadBase } from "./base_state.ts";
import { checkedEvent } from "./checked_event.ts";
import { guarded } from "./database.ts";
import { sqliteIndexModel } from "./index_model.ts";
import { rowDifferences } from "./row_differences.ts";
import {
  dropProjections,
  PROJECTED,
  PROJECTION_SCHEMA,
  PROJECTION_TABLES,
  PROJECTION_VERSION,
} from "./schema.ts";
import { tableDigests } from "./table_digest.ts";

/** Replays in a temporary database file in `folder`: a large index must not fill the memory. */
export function sqliteReplayer(folder: string, sha256: Sha256): Replayer {
  const files = new WeakMap<Replay, { file: string; reached: () => number }>();
  return {
    version: PROJECTION_VERSION,
    begin(log) {
      const file = Deno.makeTempFileSync({ dir: folder, prefix: ".replay-", suffix: ".db" });
      const { replay, reached } = beginReplay(file, log, sha256);
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
      } while (!withAttached(log, file, "rw", (db) => adoptAttached(db, reached(), log.base)));
    },
  };
}

function beginReplay(
  file: string,
  log: LogReader,
  sha256: Sha256,
): { replay: Replay; reached: () => number } {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
  db.exec(PROJECTION_TABLES);
  try {
    if (log.base !== undefined) guarded(log.file, () => withBase(db, log.file));
  } catch (error) {
    db.close();
    Deno.removeSync(file);
    throw error;
  }
  const index = sqliteIndexModel(db);
  const fold = indexFold(index.tables, index);
  function settle(): void {
    if (db.isTransaction) db.exec("COMMIT");
  }
  let reached = log.base?.position ?? 0;
  const replay: Replay = {
    index,
    project(event) {
      guarded(file, () => {
        if (!db.isTransaction) db.exec("BEGIN");
        checkedEvent(event.position, () => {
          fold.project(event);
          projectRuns(index.tables, event);
        });
        reached = event.position;
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

function withBase(db: DatabaseSync, file: string): void {
  db.exec("BEGIN");
  loadBase(file, db);
  db.exec("COMMIT");
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
function adoptAttached(
  db: DatabaseSync,
  reached: number,
  base: LogReader["base"],
): boolean {
  db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  const { head } = db.prepare("SELECT COALESCE(MAX(position), ?) AS head FROM main.events")
    .get(base?.position ?? 0) as { head: number };
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
  db.prepare("INSERT OR REPLACE INTO projections VALUES ('index', ?, ?)").run(
    PROJECTION_VERSION,
    head,
  );
  db.exec("COMMIT");
  return true;
}
