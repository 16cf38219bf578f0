import { DatabaseSync } from "node:sqlite";
import { isKind } from "../core/error.ts";
import type { EntryRecord } from "../core/mirror/renames_record.ts";
import type {
  AdoptionTables,
  IndexTable,
  RebuildTables,
  RecordTable,
} from "../ports/rebuild_tables.ts";
import { CLAIMS_SCHEMA, sqliteClaims } from "./claim_table.ts";
import { bytesIn, numberIn, textIn } from "./column.ts";
import { guarded, openDatabase } from "./database.ts";
import { guardedReads } from "./guarded_reads.ts";
import { removeDatabase } from "./job_log.ts";
import { pagedRows } from "./paged_rows.ts";
import { sqliteSurvey, SURVEY_SCHEMA } from "./survey_table.ts";
import { workFileAt } from "./work_file.ts";

type Raw = Record<string, unknown>;

/** What `survey` is kept in, and what is gone with the process. */
export interface RebuildFiles {
  readonly survey: string;
  readonly work: string;
}

export function sqliteRebuildTables({ survey, work }: RebuildFiles): RebuildTables {
  let kept: ReturnType<typeof openSurvey> | undefined;
  let passing: AdoptionTables | undefined;
  return {
    survey: () => (kept ??= openSurvey(survey)).table,
    adoption: () => passing ??= adoptionTables(work),
    close() {
      kept?.close();
      passing?.close();
      [kept, passing] = [undefined, undefined];
    },
  };
}

/** In a file that is empty or not there yet, and is removed at the end. */
export function adoptionTables(file: string): AdoptionTables {
  return workFileAt(file, WORK_SCHEMA, (db) => {
    // The database that is made has its own at the same time.
    db.exec("PRAGMA cache_size = -8192");
    return {
      records: guardedReads(file, sqliteRecords(db)),
      claims: guardedReads(file, sqliteClaims(db)),
      indexes: guardedReads(file, sqliteIndexes(db)),
    };
  });
}

/** Rows of another form are of no use. */
const FORM = 1;

function openSurvey(file: string) {
  const db = openSound(file);
  return guarded(file, () => {
    db.exec(`PRAGMA cache_size = -8192; ${SURVEY_SCHEMA}; PRAGMA user_version = ${FORM}`);
    return {
      table: guardedReads(file, sqliteSurvey(db)),
      close() {
        guarded(file, () => db.exec("COMMIT"));
        db.close();
      },
    };
  });
}

/** What an earlier process has left, or where that is of no use, nothing. */
function openSound(file: string): DatabaseSync {
  try {
    const db = openDatabase(file, "create");
    const [form, tables] = guarded(file, () => [
      numberIn((db.prepare("PRAGMA user_version").get() as Raw).user_version),
      numberIn((db.prepare("SELECT COUNT(*) AS n FROM sqlite_master").get() as Raw).n),
    ]);
    if (form === FORM || tables === 0) return db;
    db.close();
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
  }
  removeDatabase(file);
  return openDatabase(file, "create");
}

const WORK_SCHEMA = `${CLAIMS_SCHEMA};
CREATE TABLE records (position INTEGER NOT NULL, serial INTEGER NOT NULL, record TEXT NOT NULL,
  content TEXT, PRIMARY KEY (position, serial)) WITHOUT ROWID;
CREATE INDEX named ON records (content) WHERE content IS NOT NULL;
CREATE TABLE indexes (key TEXT PRIMARY KEY, frames BLOB NOT NULL)`;

const PAGE = 500;

function sqliteRecords(db: DatabaseSync): RecordTable {
  const insert = db.prepare("INSERT INTO records VALUES (?, ?, ?, ?)");
  const named = db.prepare("SELECT 1 FROM records WHERE content = ? LIMIT 1");
  let count = 0;
  return {
    add(record) {
      const { position, entry: { content } } = record;
      insert.run(position, ++count, JSON.stringify(record), content?.key ?? null);
    },
    *inOrder() {
      const query = { columns: "record", table: "records", keys: ["position", "serial"] };
      for (const { record } of pagedRows(db, { ...query, page: PAGE })) {
        yield JSON.parse(textIn(record)) as EntryRecord;
      }
    },
    isContent: (key) => count > 0 && named.get(key) !== undefined,
    count: () => count,
  };
}

function sqliteIndexes(db: DatabaseSync): IndexTable {
  const insert = db.prepare("INSERT OR REPLACE INTO indexes VALUES (?, ?)");
  const find = db.prepare("SELECT frames FROM indexes WHERE key = ?");
  return {
    add: (key, frames) => void insert.run(key, frames),
    framesOf: (key) => bytesIn((find.get(key) as Raw | undefined)?.frames),
  };
}
