import type { DatabaseSync } from "node:sqlite";
import type { ExpectedObject, ExpectedObjects } from "../ports/work_tables.ts";
import { bytesIn, textIn } from "./column.ts";
import { afterPrefix } from "./key_range.ts";

/** Several entries may have their content under one key: `n` tells them apart. */
export const EXPECTED_SCHEMA = `CREATE TABLE expected (
  key TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL,
  name BLOB NOT NULL, version TEXT, etag TEXT, size INTEGER, class TEXT NOT NULL,
  PRIMARY KEY (key, n)) WITHOUT ROWID`;
const PAGE = 1000;

type Raw = Record<string, unknown>;

export function sqliteExpected(db: DatabaseSync): Omit<ExpectedObjects, "close"> {
  const insert = db.prepare("INSERT INTO expected VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const page = db.prepare(
    `SELECT * FROM expected WHERE (key, n) > (?, ?) AND key <= ? ORDER BY key, n LIMIT ${PAGE}`,
  );
  const find = db.prepare("SELECT 1 FROM expected WHERE key = ? LIMIT 1");
  let count = 0;
  return {
    add({ key, kind, id, name, version, etag, size, storageClass }) {
      insert.run(key, count++, kind, id, name, version, etag, size ?? null, storageClass);
    },
    *between(after, last) {
      let [key, n] = [after, Number.MAX_SAFE_INTEGER];
      for (;;) {
        const rows = page.all(key, n, last ?? afterPrefix("")) as Raw[];
        for (const raw of rows) yield expectedObject(raw);
        if (rows.length < PAGE) return;
        const end = rows.at(-1)!;
        [key, n] = [textIn(end.key), Number(end.n)];
      }
    },
    has: (key) => find.get(key) !== undefined,
  };
}

function expectedObject(raw: Raw): ExpectedObject {
  return {
    key: textIn(raw.key),
    kind: textIn(raw.kind) as ExpectedObject["kind"],
    id: Number(raw.id),
    name: bytesIn(raw.name),
    version: raw.version === null ? null : textIn(raw.version),
    etag: raw.etag === null ? null : textIn(raw.etag),
    size: raw.size === null ? undefined : Number(raw.size),
    storageClass: textIn(raw.class),
  };
}
