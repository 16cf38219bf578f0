import type { DatabaseSync } from "node:sqlite";
import type {
  FoundObject,
  Notes,
  ObjectListing,
  Reading,
  ReadingQueue,
  WorkTables,
} from "../ports/work_tables.ts";
import { bytesIn, numberIn, textIn } from "./column.ts";
import { EXPECTED_SCHEMA, sqliteExpected } from "./expected_objects.ts";
import { LEDGER_SCHEMA, sqliteLedger } from "./object_ledger.ts";
import { afterPrefix } from "./key_range.ts";
import { pagedRows } from "./paged_rows.ts";
import { PACK_LEDGER_SCHEMA, sqlitePackLedger } from "./pack_ledger.ts";
import { RESTORES_SCHEMA, sqliteRestores } from "./restore_queue.ts";
import { sqliteWaiting, WAITING_SCHEMA } from "./waiting_files.ts";
import { adoptionTables } from "./rebuild_tables.ts";
import { inWorkFile, workFileName } from "./work_file.ts";

type Raw = Record<string, unknown>;

/** Each in a temporary database file of its own in `folder`. */
export function sqliteWorkTables(folder: string): WorkTables {
  return {
    listing: () => inWorkFile(folder, LISTING_SCHEMA, sqliteListing),
    expected: () => inWorkFile(folder, EXPECTED_SCHEMA, sqliteExpected),
    ledger: () => inWorkFile(folder, LEDGER_SCHEMA, sqliteLedger),
    readings: () => inWorkFile(folder, READINGS_SCHEMA, sqliteReadings),
    notes: () => inWorkFile(folder, NOTES_SCHEMA, sqliteNotes),
    restores: () => inWorkFile(folder, RESTORES_SCHEMA, sqliteRestores),
    packLedger: () => inWorkFile(folder, PACK_LEDGER_SCHEMA, sqlitePackLedger),
    waiting: () => inWorkFile(folder, WAITING_SCHEMA, sqliteWaiting),
    adoption: () => adoptionTables(workFileName(folder)),
  };
}

const LISTING_SCHEMA = `CREATE TABLE objects (
  key TEXT PRIMARY KEY, size INTEGER NOT NULL, etag TEXT NOT NULL, class TEXT NOT NULL,
  known INTEGER NOT NULL) WITHOUT ROWID`;
const PAGE = 1000;

function sqliteListing(db: DatabaseSync): Omit<ObjectListing, "close"> {
  const insert = db.prepare("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, 0)");
  const find = db.prepare("UPDATE objects SET known = 1 WHERE key = ? RETURNING *");
  const unknown = db.prepare(
    `SELECT COUNT(*) AS objects, COALESCE(SUM(size), 0) AS bytes FROM objects
     WHERE known = 0 AND NOT (key >= ?1 AND key < ?2)`,
  );
  const unknownBelow = db.prepare(
    `SELECT COUNT(*) AS objects, COALESCE(SUM(size), 0) AS bytes FROM objects
     WHERE known = 0 AND key >= ? AND key < ?`,
  );
  return {
    add(objects) {
      for (const { key, size, etag, storageClass } of objects) {
        insert.run(key, size, etag, storageClass);
      }
    },
    find(key) {
      const raw = find.get(key) as Raw | undefined;
      return raw === undefined ? undefined : foundObject(raw);
    },
    unknown(except) {
      const raw = unknown.get(except, afterPrefix(except)) as Raw;
      return { objects: numberIn(raw.objects), bytes: numberIn(raw.bytes) };
    },
    unknownBelow(prefix) {
      const raw = unknownBelow.get(prefix, afterPrefix(prefix)) as Raw;
      return { objects: numberIn(raw.objects), bytes: numberIn(raw.bytes) };
    },
    *below(prefix) {
      const where = "key >= ? AND key < ?";
      const values = [prefix, afterPrefix(prefix)];
      const query = { columns: "*", table: "objects", where, values, keys: ["key"], page: PAGE };
      for (const raw of pagedRows(db, query)) yield foundObject(raw);
    },
    *notAskedFor() {
      const query = { columns: "*", table: "objects", where: "known = 0", keys: ["key"] };
      for (const raw of pagedRows(db, { ...query, page: PAGE })) yield foundObject(raw);
    },
  };
}

function foundObject(raw: Raw): FoundObject {
  return {
    key: textIn(raw.key),
    size: Number(raw.size),
    etag: textIn(raw.etag),
    storageClass: textIn(raw.class),
  };
}

const READINGS_SCHEMA = `CREATE TABLE readings (
  checked INTEGER NOT NULL, folder INTEGER NOT NULL, name BLOB NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (checked, folder, name)) WITHOUT ROWID`;

function sqliteReadings(db: DatabaseSync): Omit<ReadingQueue, "close"> {
  const insert = db.prepare("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)");
  return {
    add({ checked, folder, name, bytes }) {
      insert.run(checked, folder, name, bytes);
    },
    *inOrder() {
      const keys = ["checked", "folder", "name"];
      const query = { columns: "*", table: "readings", keys, page: PAGE };
      for (const raw of pagedRows(db, query)) yield readingOf(raw);
    },
  };
}

function readingOf(raw: Raw): Reading {
  return {
    checked: Number(raw.checked),
    folder: Number(raw.folder),
    name: bytesIn(raw.name),
    bytes: Number(raw.bytes),
  };
}

const NOTES_SCHEMA = "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";

function sqliteNotes(db: DatabaseSync): Omit<Notes, "close"> {
  const insert = db.prepare("INSERT OR REPLACE INTO notes VALUES (?, ?)");
  const find = db.prepare("SELECT value FROM notes WHERE key = ?");
  return {
    set(key, value) {
      insert.run(key, value);
    },
    get(key) {
      const raw = find.get(key) as Raw | undefined;
      return raw === undefined ? undefined : textIn(raw.value);
    },
  };
}
