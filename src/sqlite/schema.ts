/**
 * Tables of a job's database. `events`, `logs` and `meta` are the log; the rest are projections and may be
 * dropped at any time. Raise PROJECTION_VERSION with every change of a projection's tables or of
 * the fold's meaning: they are then rebuilt by replay.
 */
export const PROJECTION_VERSION = 6;

/** The logs that follow the first one, whose genesis is in `meta`: after takeovers. */
export const LOGS_SCHEMA = `
CREATE TABLE logs (first INTEGER PRIMARY KEY, genesis TEXT NOT NULL);
CREATE TRIGGER logs_no_update BEFORE UPDATE ON logs
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER logs_no_delete BEFORE DELETE ON logs
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
`;

/** Only where a log begins may positions be left out, and up to the database's base. */
export function noGap(base = 0): string {
  return `
CREATE TRIGGER events_no_gap BEFORE INSERT ON events
WHEN NEW.position <> (SELECT COALESCE(MAX(position), ${base}) + 1 FROM events) AND (
  NEW.position NOT IN (SELECT first FROM logs) OR
  NEW.position <= (SELECT COALESCE(MAX(position), ${base}) FROM events))
BEGIN SELECT RAISE(ABORT, 'positions follow one another'); END;
`;
}

export const EVENTS_TABLE = `
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  run TEXT NOT NULL,
  type TEXT NOT NULL,
  packed INTEGER NOT NULL,
  line BLOB NOT NULL,
  hash BLOB NOT NULL
);
`;

/** Only while a log is cut it is not there. */
export const NO_DELETE = `
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
`;

export const LOG_SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
${EVENTS_TABLE}
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
${NO_DELETE}
${LOGS_SCHEMA}
${noGap()}
CREATE TABLE projections (
  name TEXT PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
`;

const CONTENT =
  "stored INTEGER NOT NULL, sha256 BLOB, object_key TEXT, version_id TEXT, etag, class TEXT";

/** `state` bits: core/index/rows.ts. `stat`: core/stat_record.ts. */
export const PROJECTION_TABLES = `
CREATE TABLE folders (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name BLOB NOT NULL, file_system TEXT NOT NULL,
  stat BLOB NOT NULL, attributes TEXT, state INTEGER NOT NULL, position INTEGER NOT NULL, ${CONTENT},
  moves TEXT, tree_digest BLOB, content_digest BLOB, stat_digest BLOB
);
CREATE UNIQUE INDEX folders_by_name ON folders (parent, name);
CREATE TABLE entries (
  folder INTEGER NOT NULL, name BLOB NOT NULL, stat BLOB NOT NULL, links INTEGER NOT NULL,
  target BLOB, attributes TEXT, state INTEGER NOT NULL, position INTEGER NOT NULL, ${CONTENT},
  since INTEGER NOT NULL, header INTEGER NOT NULL, occupant INTEGER NOT NULL,
  occupant_since INTEGER NOT NULL, checked INTEGER NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE INDEX entries_by_key ON entries (object_key) WHERE object_key IS NOT NULL;
CREATE TABLE links (
  file_system TEXT NOT NULL, file_id INTEGER NOT NULL, folder INTEGER NOT NULL, name BLOB NOT NULL,
  PRIMARY KEY (file_system, file_id, folder, name)
) WITHOUT ROWID;
CREATE TABLE runs (
  run TEXT PRIMARY KEY, command TEXT NOT NULL, host TEXT NOT NULL, user TEXT NOT NULL,
  pid INTEGER NOT NULL, position INTEGER NOT NULL, started TEXT NOT NULL, finished TEXT,
  outcome INTEGER, interrupted INTEGER NOT NULL, description TEXT
) WITHOUT ROWID;
CREATE TABLE snapshots (
  position INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, sources TEXT NOT NULL,
  entries TEXT NOT NULL, bytes TEXT NOT NULL, gaps INTEGER NOT NULL, lost INTEGER NOT NULL,
  forgotten INTEGER NOT NULL, description TEXT
);
CREATE TABLE uploads (
  key TEXT PRIMARY KEY, position INTEGER NOT NULL, upload TEXT, source TEXT NOT NULL,
  path TEXT NOT NULL, size TEXT NOT NULL, observed INTEGER NOT NULL, part_size INTEGER NOT NULL,
  class TEXT, started TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE renames (
  folder INTEGER NOT NULL, name BLOB NOT NULL, from_key TEXT NOT NULL, position INTEGER NOT NULL,
  aliased INTEGER NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE INDEX renames_by_key ON renames (from_key);
CREATE TABLE aliases (
  key TEXT NOT NULL, folder INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, folder)
) WITHOUT ROWID;
CREATE TABLE deletions (
  key TEXT NOT NULL, version TEXT NOT NULL, why TEXT NOT NULL, object TEXT NOT NULL,
  PRIMARY KEY (key, version)
) WITHOUT ROWID;
CREATE TABLE segments (
  kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, log TEXT NOT NULL,
  key TEXT NOT NULL, head TEXT NOT NULL, PRIMARY KEY (kind, first)
) WITHOUT ROWID;
CREATE TABLE packs (
  id INTEGER PRIMARY KEY, pack TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE, class TEXT NOT NULL,
  header INTEGER NOT NULL, encryption TEXT NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL,
  plain INTEGER NOT NULL, version_id TEXT, etag TEXT
);
CREATE TABLE pack_parts (
  pack INTEGER NOT NULL, part INTEGER NOT NULL, size INTEGER NOT NULL, crc32 TEXT NOT NULL,
  whole TEXT NOT NULL, plain INTEGER NOT NULL, frames BLOB NOT NULL, tail BLOB, PRIMARY KEY (pack, part)
) WITHOUT ROWID;
CREATE TABLE contents (
  sha256 BLOB NOT NULL, pack INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
  list INTEGER NOT NULL, lost INTEGER NOT NULL, PRIMARY KEY (sha256, pack)
) WITHOUT ROWID;
CREATE TABLE chunk_lists (
  sha256 BLOB NOT NULL, first INTEGER NOT NULL, chunks BLOB NOT NULL, PRIMARY KEY (sha256, first)
) WITHOUT ROWID;
CREATE TABLE restore_jobs (
  job INTEGER PRIMARY KEY, position INTEGER NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL,
  target TEXT NOT NULL, selection TEXT NOT NULL, restored INTEGER NOT NULL, overwrite TEXT NOT NULL,
  tier TEXT NOT NULL, days INTEGER NOT NULL, entries TEXT NOT NULL, bytes TEXT NOT NULL,
  objects INTEGER NOT NULL, object_bytes INTEGER NOT NULL, quoted INTEGER, approved INTEGER,
  extra INTEGER NOT NULL, slower INTEGER NOT NULL, written INTEGER NOT NULL, outcome INTEGER,
  ended TEXT
);
CREATE TABLE restore_objects (
  job INTEGER NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, class TEXT NOT NULL, archive TEXT,
  size INTEGER NOT NULL, allowed INTEGER NOT NULL, requests INTEGER NOT NULL,
  PRIMARY KEY (job, key, version)
) WITHOUT ROWID;
CREATE INDEX restore_objects_by_key ON restore_objects (key, version);
CREATE TABLE warm_ups (
  key TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL, tier TEXT, job INTEGER NOT NULL,
  asked INTEGER NOT NULL, asked_at INTEGER NOT NULL, days INTEGER NOT NULL, expiry INTEGER NOT NULL,
  ends INTEGER NOT NULL, before TEXT NOT NULL, tier_before TEXT, PRIMARY KEY (key, version)
) WITHOUT ROWID;
CREATE INDEX warm_ups_asked ON warm_ups (asked) WHERE state = 'asked';
CREATE TABLE found_classes (
  key TEXT NOT NULL, version TEXT NOT NULL, class TEXT NOT NULL, archive TEXT,
  PRIMARY KEY (key, version)
) WITHOUT ROWID;
CREATE TABLE sources (
  name TEXT PRIMARY KEY, file_system TEXT NOT NULL, path TEXT NOT NULL, single INTEGER NOT NULL,
  entries TEXT NOT NULL,
  bytes TEXT NOT NULL, scanned INTEGER NOT NULL, started INTEGER NOT NULL, refused INTEGER NOT NULL
) WITHOUT ROWID;
`;

/** What a run looks for work by; a replay that is only read does without. */
export const PROJECTION_SCHEMA = `${PROJECTION_TABLES}
CREATE INDEX folders_unstored ON folders (id) WHERE state & 1 = 0 AND stored <= 0;
CREATE INDEX entries_pending ON entries (folder, name)
  WHERE state & 1 = 0 AND (stored <= 0 OR state <> 0);
CREATE INDEX renames_open ON renames (position) WHERE aliased = 0;
CREATE INDEX folders_by_file_id ON folders (substr(stat, 17, 8));
CREATE INDEX entries_kept ON entries (folder, name) WHERE state & 1 = 1 AND etag IS NOT NULL;
CREATE INDEX folders_kept ON folders (id) WHERE state & 1 = 1 AND etag IS NOT NULL;
`;

export interface ProjectedTable {
  readonly name: string;
  /** Columns that the fold decides; caches are left out. */
  readonly columns: readonly string[];
  readonly order: string;
}

/** What replay must reproduce, table by table (log verify, replay). */
export const PROJECTED: readonly ProjectedTable[] = [
  {
    name: "folders",
    columns: [
      ..."id parent name file_system stat attributes state position stored sha256".split(" "),
      ..."object_key version_id etag class moves".split(" "),
    ],
    order: "id",
  },
  {
    name: "entries",
    columns: [
      ..."folder name stat links target attributes state position stored sha256".split(" "),
      ..."object_key version_id etag class since header occupant occupant_since checked".split(" "),
    ],
    order: "folder, name",
  },
  {
    name: "links",
    columns: "file_system file_id folder name".split(" "),
    order: "file_system, file_id, folder, name",
  },
  {
    name: "runs",
    columns: ("run command host user pid position started finished outcome interrupted " +
      "description").split(" "),
    order: "run",
  },
  {
    name: "snapshots",
    columns: "position at run sources entries bytes gaps lost forgotten description".split(" "),
    order: "position",
  },
  {
    name: "uploads",
    columns: "key position upload source path size observed part_size class started".split(" "),
    order: "key",
  },
  {
    name: "renames",
    columns: "folder name from_key position aliased".split(" "),
    order: "folder, name",
  },
  { name: "deletions", columns: "key version why object".split(" "), order: "key, version" },
  { name: "aliases", columns: "key folder position".split(" "), order: "key, folder" },
  {
    name: "segments",
    columns: "kind first last log key head".split(" "),
    order: "kind, first",
  },
  {
    name: "packs",
    columns: "id pack key class header encryption stored size plain version_id etag".split(" "),
    order: "id",
  },
  {
    name: "pack_parts",
    columns: "pack part size crc32 whole plain frames tail".split(" "),
    order: "pack, part",
  },
  { name: "contents", columns: "sha256 pack at size list lost".split(" "), order: "sha256, pack" },
  { name: "chunk_lists", columns: "sha256 first chunks".split(" "), order: "sha256, first" },
  {
    name: "restore_jobs",
    columns: [
      ..."job position at state target selection restored overwrite tier days entries".split(" "),
      ..."bytes objects object_bytes quoted approved extra slower written outcome ended".split(" "),
    ],
    order: "job",
  },
  {
    name: "restore_objects",
    columns: "job key version class archive size allowed requests".split(" "),
    order: "job, key, version",
  },
  {
    name: "warm_ups",
    columns: ("key version state tier job asked asked_at days expiry ends before tier_before")
      .split(" "),
    order: "key, version",
  },
  {
    name: "found_classes",
    columns: "key version class archive".split(" "),
    order: "key, version",
  },
  {
    name: "sources",
    columns: "name file_system path single entries bytes scanned started refused".split(" "),
    order: "name",
  },
];

export function dropProjections(): string {
  return PROJECTED.map((table) => `DROP TABLE IF EXISTS main.${table.name};`).join("\n");
}
