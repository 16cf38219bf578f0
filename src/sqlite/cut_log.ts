import { DatabaseSync } from "node:sqlite";
import { KEPT_EVENTS } from "../core/event/kept_events.ts";
import type { CutPlace, LogCutter } from "../ports/checkpoint.ts";
import type { LogBase } from "../ports/event_log.ts";
import { BASE_SCHEMA, readBase, writeBase } from "./base_state.ts";
import { numberIn } from "./column.ts";
import { guarded, openDatabase } from "./database.ts";
import { NO_DELETE, noGap } from "./schema.ts";

/** For a database that nobody else writes, and that no restore reads. */
export function logCutter(file: string): LogCutter {
  return {
    cut(place) {
      const db = openDatabase(file, "write");
      try {
        return guarded(file, () => cutLog(db, place));
      } finally {
        db.close();
      }
    },
    shrink() {
      const db = openDatabase(file, "write");
      try {
        guarded(file, () => shrink(db));
      } finally {
        db.close();
      }
    },
  };
}

/** One transaction: whoever is killed in it has cut nothing. */
function cutLog(db: DatabaseSync, { base, state, at }: CutPlace): number {
  const { position } = base;
  db.prepare("ATTACH DATABASE ? AS state").run(state);
  db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  try {
    const latest = Math.max(latestBefore(db, position), readBase(db)?.cut?.latest ?? 0);
    db.exec("DROP TRIGGER events_no_delete; DROP TRIGGER events_no_gap");
    const events = deleteBefore(db, position);
    db.exec(`${NO_DELETE} ${noGap(position)}`);
    if (!hasState(db)) db.exec(BASE_SCHEMA);
    db.exec(
      "DELETE FROM main.base_parts; INSERT INTO main.base_parts SELECT * FROM state.base_parts",
    );
    writeBase(db, { ...base, cut: { at, latest } } satisfies LogBase);
    db.exec("COMMIT");
    return events;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function latestBefore(db: DatabaseSync, position: number): number {
  const row = db.prepare("SELECT MAX(at) AS latest FROM events WHERE position <= ?").get(position);
  return numberIn((row as { latest: unknown }).latest ?? 0);
}

function deleteBefore(db: DatabaseSync, position: number): number {
  const marks = KEPT_EVENTS.map(() => "?").join(", ");
  const { changes } = db.prepare(
    `DELETE FROM events WHERE position <= ? AND type NOT IN (${marks})`,
  ).run(position, ...KEPT_EVENTS);
  return Number(changes);
}

function hasState(db: DatabaseSync): boolean {
  const wanted = "SELECT 1 FROM main.sqlite_master WHERE name = 'base_parts'";
  return db.prepare(wanted).get() !== undefined;
}

/**
 * Gives the space of what was deleted back (VACUUM). Interrupted, the file is as it was. The copy that
 * SQLite makes of what stays is in a file: it may be far larger than the memory.
 */
function shrink(db: DatabaseSync): void {
  const { freelist_count: free } = db.prepare("PRAGMA freelist_count").get() as {
    freelist_count: number;
  };
  if (free > 0) db.exec("PRAGMA temp_store = FILE; VACUUM");
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
