import type { DatabaseSync } from "node:sqlite";
import type { FoundObject } from "../core/mirror/rebuild_state.ts";
import type { ListedObject } from "../ports/object_store.ts";
import type { SurveyTable } from "../ports/rebuild_tables.ts";
import { numberIn, textIn } from "./column.ts";
import { pagedRows } from "./paged_rows.ts";

type Raw = Record<string, unknown>;

/**
 * `listed` is the number of the LIST that found it last, `sound` that its answer holds for later ones.
 * `state` is one of those below; `found` an object as JSON.
 */
export const SURVEY_SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  key TEXT PRIMARY KEY, etag TEXT NOT NULL, size INTEGER NOT NULL, class TEXT NOT NULL,
  modified INTEGER NOT NULL, listed INTEGER NOT NULL, asked INTEGER NOT NULL,
  state INTEGER NOT NULL, sound INTEGER NOT NULL, position INTEGER NOT NULL, found TEXT
) WITHOUT ROWID`;

const NOT_ASKED = 0;
const GONE = 1;
const FOREIGN = 2;
const USABLE = 3;
const UNUSABLE = 4;

/**
 * Milliseconds: what was put so long before something else that is listed has another time than
 * whatever is put later. S3's times are whole seconds.
 */
const SAFE = 10_000;
const PAGE = 1000;

export function sqliteSurvey(db: DatabaseSync): SurveyTable {
  const statements = prepare(db);
  let [listed, kept] = [0, 0];
  const inTransaction = () => void db.exec("COMMIT; BEGIN");
  db.exec("BEGIN");
  return {
    begin(repository) {
      const before = statements.meta.get("repository") as Raw | undefined;
      if (before?.value !== repository) statements.clear.run();
      statements.setMeta.run("repository", repository);
      statements.dropUnsound.run();
      listed = numberIn((statements.last.get() as Raw).n) + 1;
      kept = 0;
      inTransaction();
    },
    list(objects) {
      let waiting = 0;
      for (const { object, isAsked } of objects) {
        const { key, etag, size, storageClass, lastModified } = object;
        const raw = statements.list.get(
          ...[key, etag, size, storageClass, lastModified, listed, isAsked ? 1 : 0],
        ) as Raw;
        if (!isAsked) continue;
        if (raw.state === NOT_ASKED) waiting++;
        else kept++;
      }
      return waiting;
    },
    waiting: (after) => (statements.waiting.all(listed, after) as Raw[]).map(listedObject),
    answer({ key, etag, lastModified }, answer, newest) {
      const isSafe = lastModified + SAFE < newest;
      if (answer === "gone") statements.answer.run(GONE, 0, 0, null, key);
      else if (answer === "foreign") {
        statements.answer.run(FOREIGN, isSafe ? 1 : 0, 0, null, key);
      } else {
        const { object, usable, note } = answer;
        const isSound = isSafe && note === undefined && object.etag === etag;
        const { position } = object.metadata;
        const found = usable ? JSON.stringify(object) : null;
        statements.answer.run(
          ...[usable ? USABLE : UNUSABLE, isSound ? 1 : 0, position, found, key],
        );
      }
    },
    keep: inTransaction,
    etagOf(key) {
      const raw = statements.etag.get(key, listed) as Raw | undefined;
      return raw === undefined ? undefined : textIn(raw.etag);
    },
    *objects() {
      for (const { found } of inState(db, listed, USABLE)) {
        yield JSON.parse(textIn(found)) as FoundObject;
      }
    },
    *foreign() {
      for (const { key } of inState(db, listed, FOREIGN)) yield textIn(key);
    },
    counts() {
      const raw = statements.counts.get(listed) as Raw;
      return {
        objects: numberIn(raw.objects),
        asked: numberIn(raw.asked),
        kept,
        highest: numberIn(raw.highest),
      };
    },
  };
}

function inState(db: DatabaseSync, listed: number, state: number) {
  const where = "listed = ? AND asked = 1 AND state = ?";
  const query = { columns: "key, found", table: "objects", where, keys: ["key"], page: PAGE };
  return pagedRows(db, { ...query, values: [listed, state] });
}

const IS_SAME = `etag = excluded.etag AND size = excluded.size AND class = excluded.class
  AND modified = excluded.modified`;

function prepare(db: DatabaseSync) {
  return {
    meta: db.prepare("SELECT value FROM meta WHERE name = ?"),
    setMeta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    clear: db.prepare("DELETE FROM objects"),
    dropUnsound: db.prepare("DELETE FROM objects WHERE sound = 0"),
    last: db.prepare("SELECT COALESCE(MAX(listed), 0) AS n FROM objects"),
    list: db.prepare(
      `INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ${NOT_ASKED}, 0, 0, NULL)
       ON CONFLICT (key) DO UPDATE SET
         state = CASE WHEN ${IS_SAME} THEN state ELSE ${NOT_ASKED} END,
         sound = CASE WHEN ${IS_SAME} THEN sound ELSE 0 END,
         etag = excluded.etag, size = excluded.size, class = excluded.class,
         modified = excluded.modified, listed = excluded.listed, asked = excluded.asked
       RETURNING state`,
    ),
    waiting: db.prepare(
      `SELECT key, etag, size, class, modified FROM objects
       WHERE listed = ? AND asked = 1 AND state = ${NOT_ASKED} AND key > ?
       ORDER BY key LIMIT ${PAGE}`,
    ),
    answer: db.prepare(
      "UPDATE objects SET state = ?, sound = ?, position = ?, found = ? WHERE key = ?",
    ),
    etag: db.prepare("SELECT etag FROM objects WHERE key = ? AND listed = ?"),
    counts: db.prepare(
      `SELECT COUNT(*) AS asked, COUNT(CASE WHEN state = ${USABLE} THEN 1 END) AS objects,
         COALESCE(MAX(position), 0) AS highest
       FROM objects WHERE listed = ? AND asked = 1`,
    ),
  };
}

function listedObject(raw: Raw): ListedObject {
  return {
    key: textIn(raw.key),
    size: numberIn(raw.size),
    etag: textIn(raw.etag),
    storageClass: textIn(raw.class),
    lastModified: numberIn(raw.modified),
  };
}
