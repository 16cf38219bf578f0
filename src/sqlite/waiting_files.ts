import type { DatabaseSync } from "node:sqlite";
import type { Warmth } from "../core/cold/warmth.ts";
import type { ArchiveStatus } from "../core/cost/restore_wait.ts";
import type { WaitedObject, WaitingFile, WaitingFiles } from "../ports/waiting_files.ts";
import { bytesIn, numberIn, textIn, textOrNull } from "./column.ts";

type Raw = Record<string, unknown>;

/** `doubts`: how often the file's objects were said to be warm, and were not. */
export const WAITING_SCHEMA = `
CREATE TABLE objects (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, version TEXT NOT NULL, etag TEXT, class TEXT NOT NULL,
  archive TEXT, size INTEGER NOT NULL, warmth TEXT NOT NULL, expiry INTEGER NOT NULL,
  reclassified INTEGER NOT NULL, UNIQUE (key, version)
);
CREATE TABLE files (
  id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name BLOB NOT NULL, bytes INTEGER NOT NULL,
  doubts INTEGER NOT NULL, UNIQUE (folder, name)
);
CREATE TABLE needs (
  object INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (object, file)
) WITHOUT ROWID;
CREATE INDEX needs_by_file ON needs (file);
`;
const PAGE = 500;
const NEEDED = "EXISTS (SELECT 1 FROM needs AS n WHERE n.object = objects.id)";

export function sqliteWaiting(db: DatabaseSync): Omit<WaitingFiles, "close"> {
  const insert = {
    object: db.prepare(
      `INSERT INTO objects (key, version, etag, class, archive, size, warmth, expiry, reclassified)
       VALUES (?, ?, ?, ?, ?, ?, 'unknown', 0, 0)
       ON CONFLICT (key, version) DO UPDATE SET etag = excluded.etag RETURNING id`,
    ),
    file: db.prepare(
      `INSERT INTO files (folder, name, bytes, doubts) VALUES (?, ?, ?, 0)
       ON CONFLICT (folder, name) DO UPDATE SET bytes = excluded.bytes RETURNING id`,
    ),
    need: db.prepare("INSERT OR IGNORE INTO needs VALUES (?, ?)"),
  };
  const file = db.prepare("SELECT id FROM files WHERE folder = ? AND name = ?");
  const remove = {
    needs: db.prepare("DELETE FROM needs WHERE file = ?"),
    file: db.prepare("DELETE FROM files WHERE id = ?"),
  };
  const doubt = {
    file: db.prepare("UPDATE files SET doubts = doubts + 1 WHERE id = ? RETURNING doubts"),
    objects: db.prepare(
      `UPDATE objects SET warmth = 'unknown' WHERE id IN (SELECT object FROM needs WHERE file = ?)`,
    ),
    none: db.prepare(
      `UPDATE files SET doubts = 0 WHERE doubts > 0 AND id IN (
         SELECT file FROM needs WHERE object IN (SELECT id FROM objects WHERE key = ? AND version = ?))`,
    ),
  };
  const set = db.prepare(
    `UPDATE objects SET warmth = ?1, expiry = ?2, class = ?3, archive = ?4,
       reclassified = reclassified OR class <> ?3 OR archive IS NOT ?4
     WHERE key = ?5 AND version = ?6`,
  );
  const count = db.prepare("SELECT COUNT(*) AS files, COALESCE(SUM(bytes), 0) AS bytes FROM files");
  const objects = db.prepare(
    `SELECT * FROM objects WHERE (key, version) > (?, ?) AND ${NEEDED}
     ORDER BY key, version LIMIT ${PAGE}`,
  );
  const totals = db.prepare(
    `SELECT class, archive, warmth, COUNT(*) AS objects, SUM(size) AS bytes FROM objects
     WHERE ${NEEDED} GROUP BY class, archive, warmth ORDER BY class, archive, warmth`,
  );
  const ready = db.prepare(
    `SELECT * FROM files WHERE id > ? AND NOT EXISTS (
       SELECT 1 FROM needs AS n JOIN objects AS o ON o.id = n.object
       WHERE n.file = files.id AND o.warmth <> 'warm') ORDER BY id LIMIT ${PAGE}`,
  );
  const idOf = (folder: number, name: Uint8Array) => {
    const raw = file.get(folder, name) as Raw | undefined;
    return raw === undefined ? undefined : numberIn(raw.id);
  };
  return {
    add({ folder, name, bytes }, needed) {
      const { id } = insert.file.get(folder, name, bytes) as { id: number };
      for (const { key, version, etag, storageClass, archive, size } of needed) {
        const object = insert.object.get(key, version, etag, storageClass, archive, size) as Raw;
        insert.need.run(numberIn(object.id), id);
      }
    },
    has: (folder, name) => idOf(folder, name) !== undefined,
    remove(folder, name) {
      const id = idOf(folder, name);
      if (id === undefined) return;
      remove.needs.run(id);
      remove.file.run(id);
    },
    doubt(folder, name) {
      const id = idOf(folder, name)!;
      doubt.objects.run(id);
      return numberIn((doubt.file.get(id) as Raw).doubts);
    },
    count() {
      const { files, bytes } = count.get() as Raw;
      return { files: numberIn(files), bytes: numberIn(bytes) };
    },
    *objects(states) {
      for (let after = ["", ""];;) {
        const rows = objects.all(...after) as Raw[];
        for (const raw of rows) {
          const object = waitedObject(raw);
          if (states === undefined || states.includes(object.warmth)) yield object;
        }
        if (rows.length < PAGE) return;
        const { key, version } = waitedObject(rows[rows.length - 1]);
        after = [key, version];
      }
    },
    setWarmth({ key, version, storageClass, archive }, warmth, expiry = 0) {
      set.run(warmth, expiry, storageClass, archive, key, version);
      if (warmth !== "warm" && warmth !== "unknown") doubt.none.run(key, version);
    },
    totals: () =>
      (totals.all() as Raw[]).map((raw) => ({
        storageClass: textIn(raw.class),
        archive: textOrNull(raw.archive) as ArchiveStatus | null,
        warmth: textIn(raw.warmth) as Warmth,
        objects: numberIn(raw.objects),
        bytes: numberIn(raw.bytes),
      })),
    *ready() {
      for (let after = 0;;) {
        const rows = ready.all(after) as Raw[];
        for (const raw of rows) yield waitingFile(raw);
        if (rows.length < PAGE) return;
        after = numberIn(rows[rows.length - 1].id);
      }
    },
  };
}

function waitingFile(raw: Raw): WaitingFile {
  return {
    folder: numberIn(raw.folder),
    name: bytesIn(raw.name),
    bytes: numberIn(raw.bytes),
  };
}

function waitedObject(raw: Raw): WaitedObject {
  return {
    key: textIn(raw.key),
    version: textIn(raw.version),
    etag: textOrNull(raw.etag),
    storageClass: textIn(raw.class),
    archive: textOrNull(raw.archive) as ArchiveStatus | null,
    size: numberIn(raw.size),
    warmth: textIn(raw.warmth) as Warmth,
    expiry: numberIn(raw.expiry),
    isReclassified: numberIn(raw.reclassified) === 1,
  };
}
