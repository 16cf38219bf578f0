import type { DatabaseSync } from "node:sqlite";
import type { PackedFile, RestoreQueue } from "../ports/work_tables.ts";
import { bytesIn } from "./column.ts";
import { type PagedRow, pagedRows } from "./paged_rows.ts";

/** Files come nearly in order: few pages are in use at once. */
export const RESTORES_SCHEMA = `PRAGMA cache_size = -4096; CREATE TABLE restores (
  chunked INTEGER NOT NULL, pack INTEGER NOT NULL, at INTEGER NOT NULL, folder INTEGER NOT NULL,
  name BLOB NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, may_replace INTEGER NOT NULL,
  PRIMARY KEY (chunked, pack, at, folder, name)) WITHOUT ROWID`;
const PAGE = 250;

export function sqliteRestores(db: DatabaseSync): Omit<RestoreQueue, "close"> {
  const insert = db.prepare("INSERT INTO restores VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  return {
    add({ chunked, pack, at, folder, name, size, sha256, replace }) {
      insert.run(chunked ? 1 : 0, pack, at, folder, name, size, sha256, replace ? 1 : 0);
    },
    *inOrder(chunked) {
      const keys = ["pack", "at", "folder", "name"];
      const where = { where: "chunked = ?", values: [chunked ? 1 : 0] };
      const query = { columns: "*", table: "restores", ...where, keys, page: PAGE };
      for (const raw of pagedRows(db, query)) yield fileOf(raw);
    },
  };
}

function fileOf(raw: PagedRow): PackedFile {
  return {
    chunked: Number(raw.chunked) === 1,
    pack: Number(raw.pack),
    at: Number(raw.at),
    folder: Number(raw.folder),
    name: bytesIn(raw.name),
    size: Number(raw.size),
    sha256: bytesIn(raw.sha256),
    replace: Number(raw.may_replace) === 1,
  };
}
