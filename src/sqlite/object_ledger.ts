import type { DatabaseSync } from "node:sqlite";
import { jsonOfText, textOfJson } from "../core/path_text.ts";
import type { Claim, ObjectLedger, SpareObject } from "../ports/work_tables.ts";
import { numberIn, textIn, textOrNull } from "./column.ts";
import { afterPrefix } from "./key_range.ts";

type Raw = Record<string, unknown>;

/** `needed`: bit 1 by a snapshot, bit 2 by an entry, bit 3 by a restore. `observed` is 0 where it is not known. */
export const LEDGER_SCHEMA = `
CREATE TABLE stored (
  key TEXT NOT NULL, stored INTEGER NOT NULL, version TEXT, etag TEXT NOT NULL, at INTEGER NOT NULL,
  observed INTEGER NOT NULL, bytes INTEGER NOT NULL, class TEXT NOT NULL, place TEXT NOT NULL,
  needed INTEGER NOT NULL, PRIMARY KEY (key, stored)
) WITHOUT ROWID;
CREATE TABLE claims (
  key TEXT NOT NULL, stored INTEGER NOT NULL, place TEXT NOT NULL, PRIMARY KEY (key, stored, place)
) WITHOUT ROWID`;

const NEEDED_BY = { snapshot: 1, entry: 2, restore: 4 };

export function sqliteLedger(db: DatabaseSync): Omit<ObjectLedger, "close"> {
  const statements = prepare(db);
  let byObservation: ReturnType<typeof prepareObservation> | undefined;
  return {
    stored({ key, version, etag, stored, at, observed, bytes, storageClass, place }) {
      statements.insert.run(
        ...[key, stored, known(version), etag, at, observed, bytes, storageClass, packed(place)],
      );
    },
    deleted({ key, version, stored }) {
      if (known(version) === null) statements.deleteCurrent.run(key, stored);
      else statements.deleteVersion.run(key, version);
    },
    need({ key, version, etag, stored }, by) {
      statements.need.run(key, stored, known(version), etag, NEEDED_BY[by]);
    },
    awaited({ key, version }) {
      statements.awaited.run(key, known(version));
    },
    copied(from, to) {
      statements.copied.run(to.key, to.stored, from.key, from.stored);
    },
    claim(key, stored, claim) {
      statements.claim.run(key, stored, packed(claim));
    },
    claims: (key, stored) =>
      (statements.claims.all(key, stored) as Raw[]).map(({ place }) => unpacked(textIn(place))),
    isNeeded: (key) => statements.isNeeded.get(key) !== undefined,
    isNeededBelow: (prefix) => statements.isBelow.get(prefix, afterPrefix(prefix)) !== undefined,
    isObservationNeeded(position) {
      byObservation ??= prepareObservation(db);
      return byObservation.get(position) !== undefined;
    },
    spare(versions, after, limit) {
      const statement = versions ? statements.spareVersions : statements.spareCurrent;
      const place = [after?.key ?? "", after?.stored ?? -1];
      return (statement.all(...place, limit) as Raw[]).map(spareObject);
    },
    unversioned: () => numberIn((statements.unversioned.get() as Raw).n),
  };
}

/** The "null" version of S3 is whatever was put last while no versions were kept. */
function known(version: string | null): string | null {
  return version === "null" ? null : version;
}

const SAME_VERSION_NEEDED = `SELECT 1 FROM stored n
  WHERE n.key = s.key AND n.version = s.version AND n.needed <> 0`;
const STILL_THERE = `NOT EXISTS (SELECT 1 FROM stored n WHERE n.key = s.key AND n.version IS NULL
  AND (n.stored > s.stored OR (n.needed <> 0 AND n.etag = s.etag)))`;
const HIDES_OLDER = `s.version IS NOT NULL
  AND s.stored = (SELECT MAX(n.stored) FROM stored n WHERE n.key = s.key)
  AND EXISTS (SELECT 1 FROM stored n WHERE n.key = s.key AND n.needed <> 0 AND n.version IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM stored n WHERE n.key = s.key AND n.needed & 2 <> 0)`;

function prepare(db: DatabaseSync) {
  const spare = (condition: string) =>
    `SELECT s.*, ${HIDES_OLDER} AS hides_older FROM stored s
     WHERE (s.key, s.stored) > (?, ?) AND s.needed = 0 AND (${condition})
     ORDER BY s.key, s.stored LIMIT ?`;
  const versioned = `s.version IS NOT NULL AND NOT EXISTS (${SAME_VERSION_NEEDED})`;
  return {
    insert: db.prepare(
      `INSERT INTO stored VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (key, stored) DO NOTHING`,
    ),
    deleteVersion: db.prepare("DELETE FROM stored WHERE key = ? AND version = ?"),
    deleteCurrent: db.prepare(
      "DELETE FROM stored WHERE key = ? AND version IS NULL AND stored <= ?",
    ),
    need: db.prepare(
      `INSERT INTO stored VALUES (?1, ?2, ?3, ?4, 0, 0, 0, '', '', ?5)
       ON CONFLICT (key, stored) DO UPDATE SET needed = needed | ?5`,
    ),
    awaited: db.prepare(
      `UPDATE stored SET needed = needed | ${NEEDED_BY.restore} WHERE key = ? AND version IS ?`,
    ),
    copied: db.prepare(
      `UPDATE stored SET needed = needed | ${NEEDED_BY.snapshot} WHERE key = ? AND stored = ? AND
         EXISTS (SELECT 1 FROM stored n WHERE n.key = ? AND n.stored = ?
           AND n.needed & ${NEEDED_BY.snapshot} <> 0)`,
    ),
    claim: db.prepare("INSERT OR IGNORE INTO claims VALUES (?, ?, ?)"),
    claims: db.prepare("SELECT place FROM claims WHERE key = ? AND stored = ? ORDER BY place"),
    isNeeded: db.prepare("SELECT 1 FROM stored WHERE key = ? AND needed <> 0 LIMIT 1"),
    isBelow: db.prepare("SELECT 1 FROM stored WHERE key >= ? AND key < ? AND needed <> 0 LIMIT 1"),
    spareVersions: db.prepare(spare(versioned)),
    spareCurrent: db.prepare(spare(`(${versioned}) OR (s.version IS NULL AND ${STILL_THERE})`)),
    unversioned: db.prepare(
      `SELECT COUNT(*) AS n FROM stored s WHERE s.needed = 0 AND s.version IS NULL AND
         ${STILL_THERE}`,
    ),
  };
}

/** An index that only who asks pays for. What is needed and of unknown origin may be any one's. */
function prepareObservation(db: DatabaseSync) {
  db.exec("CREATE INDEX needed_observations ON stored (observed) WHERE needed <> 0");
  return db.prepare("SELECT 1 FROM stored WHERE observed IN (0, ?) AND needed <> 0 LIMIT 1");
}

function packed({ source, path, folder }: Claim): string {
  return JSON.stringify([source, jsonOfText(path), folder]);
}

function unpacked(text: string): Claim {
  const [source, path, folder] = JSON.parse(text);
  return { source, path: textOfJson(path), folder };
}

function spareObject(raw: Raw): SpareObject {
  return {
    key: textIn(raw.key),
    version: textOrNull(raw.version),
    etag: textIn(raw.etag),
    stored: numberIn(raw.stored),
    at: numberIn(raw.at),
    observed: numberIn(raw.observed),
    bytes: numberIn(raw.bytes),
    storageClass: textIn(raw.class),
    place: unpacked(textIn(raw.place)),
    hidesOlder: raw.hides_older === 1,
  };
}
