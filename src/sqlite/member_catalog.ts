import type { DatabaseSync } from "node:sqlite";
import { bytesOfText, textOfBytes } from "../core/path_text.ts";
import { FOLDER_CODE, unpackStat } from "../core/stat_record.ts";
import type {
  CatalogEntry,
  CatalogFrame,
  CatalogPlace,
  MemberCatalog,
} from "../ports/member_catalog.ts";
import { bytesIn, bytesOrNull, textIn, textOrNull } from "./column.ts";
import { type PagedRow, pagedRows } from "./paged_rows.ts";
import { inWorkFile } from "./work_file.ts";

/** In a temporary database file in `folder`. */
export function sqliteCatalog(folder: string): MemberCatalog {
  return inWorkFile(folder, SCHEMA, catalog);
}

/** What an entry is to whoever writes it. */
const FOLDER = 0;
const WHOLE = 1;
const CHUNKED = 2;
const LINK = 3;

const SCHEMA = `
CREATE TABLE frames (
  id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, at INTEGER NOT NULL, length INTEGER NOT NULL,
  plain INTEGER NOT NULL);
CREATE TABLE contents (
  sha256 BLOB PRIMARY KEY, frame INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
  list INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
  path BLOB PRIMARY KEY, age INTEGER NOT NULL, pack INTEGER NOT NULL, kind INTEGER NOT NULL,
  frame INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL, bytes INTEGER NOT NULL,
  stat BLOB NOT NULL, target BLOB, attributes TEXT, sha256 BLOB, first BLOB,
  linked INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lost (
  path BLOB PRIMARY KEY, age INTEGER NOT NULL, pack INTEGER NOT NULL, reason TEXT NOT NULL)
  WITHOUT ROWID`;
const PAGE = 1000;

/** Frames have ids from 1: an entry with 0 has no content, or none that is known. */
const SETTLE = `
UPDATE entries SET (frame, at, size, kind) = (
    SELECT frame, at, size, CASE list WHEN 0 THEN ${WHOLE} ELSE ${CHUNKED} END
    FROM contents WHERE contents.sha256 = entries.sha256)
  WHERE frame = 0 AND bytes > 0 AND sha256 IN (SELECT sha256 FROM contents);
UPDATE entries SET linked = 1
  WHERE path IN (SELECT first FROM entries WHERE kind = ${LINK});
CREATE INDEX by_place ON entries (kind, frame, at, path)`;

function catalog(db: DatabaseSync): Omit<MemberCatalog, "close"> {
  return { ...adding(db), ...finding(db) };
}

type Adding = "addFrame" | "addContent" | "addEntry" | "addLost" | "settle";

function adding(db: DatabaseSync): Pick<MemberCatalog, Adding> {
  const frame = db.prepare("INSERT INTO frames (pack, at, length, plain) VALUES (?, ?, ?, ?)");
  const content = db.prepare("INSERT OR IGNORE INTO contents VALUES (?, ?, ?, ?, ?)");
  const entry = db.prepare(
    `INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
     ON CONFLICT (path) DO UPDATE SET age = excluded.age, pack = excluded.pack,
       kind = excluded.kind, frame = excluded.frame, at = excluded.at, size = excluded.size,
       bytes = excluded.bytes, stat = excluded.stat, target = excluded.target,
       attributes = excluded.attributes, sha256 = excluded.sha256, first = excluded.first
     WHERE (excluded.age, excluded.pack) >= (age, pack)`,
  );
  const lost = db.prepare(
    `INSERT INTO lost VALUES (?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET age = excluded.age, pack = excluded.pack,
       reason = excluded.reason WHERE (excluded.age, excluded.pack) >= (age, pack)`,
  );
  return {
    addFrame: ({ pack, at, length, plain }) =>
      Number(frame.run(pack, at, length, plain).lastInsertRowid),
    addContent({ sha256, frame, at, size, list }) {
      content.run(sha256, frame, at, size, list ? 1 : 0);
    },
    addEntry({ path, age, stat, target, attributes, place, sha256, first }) {
      const { frame = 0, at = 0, size = 0, list = false } = place ?? {};
      const kind = stat[0] === FOLDER_CODE
        ? FOLDER
        : first !== null
        ? LINK
        : list
        ? CHUNKED
        : WHOLE;
      const named = first === null ? null : bytesOfText(first);
      const { size: bytes } = unpackStat(stat);
      entry.run(
        ...[bytesOfText(path), age.order, age.pack, kind, frame, at, size, bytes, stat, target],
        ...[attributes, sha256, named],
      );
    },
    addLost({ path, age, reason }) {
      lost.run(bytesOfText(path), age.order, age.pack, reason);
    },
    settle() {
      db.exec(SETTLE);
      const bytes = `COALESCE(SUM(CASE kind WHEN ${LINK} THEN 0 ELSE bytes END), 0) AS bytes`;
      const totals = db.prepare(`SELECT COUNT(*) AS entries, ${bytes} FROM entries`);
      const raw = totals.get() as PagedRow;
      return { entries: Number(raw.entries), bytes: Number(raw.bytes) };
    },
  };
}

function finding(db: DatabaseSync): Omit<MemberCatalog, Adding | "close"> {
  const frame = db.prepare("SELECT * FROM frames WHERE id = ?");
  const content = db.prepare("SELECT * FROM contents WHERE sha256 = ?");
  const entry = db.prepare("SELECT * FROM entries WHERE path = ?");
  entry.setReadBigInts(true);
  const ofKind = (kind: number) => ({ where: "kind = ?", values: [kind] });
  function* entries(kind: number, keys: readonly string[]): Generator<CatalogEntry> {
    const query = { columns: "*", table: "entries", ...ofKind(kind), keys, page: PAGE };
    for (const raw of pagedRows(db, query)) yield entryOf(raw);
  }
  return {
    frame: (id) => frameOf(frame.get(id) as PagedRow),
    content(sha256) {
      const raw = content.get(sha256) as PagedRow | undefined;
      return raw === undefined ? undefined : placeOf(raw, Number(raw.list) === 1);
    },
    entry(path) {
      const raw = entry.get(bytesOfText(path)) as PagedRow | undefined;
      return raw === undefined ? undefined : entryOf(raw);
    },
    folders: (order) => order === "down" ? entries(FOLDER, ["path"]) : foldersUp(db),
    files: () => entries(WHOLE, ["frame", "at", "path"]),
    chunked: () => entries(CHUNKED, ["frame", "at", "path"]),
    links: () => entries(LINK, ["frame", "at", "path"]),
    *lost() {
      const older = "path IN (SELECT path FROM entries) AS older";
      const where = "path NOT IN (SELECT path FROM entries WHERE entries.age >= lost.age)";
      const query = { columns: `*, ${older}`, table: "lost", where, keys: ["path"], page: PAGE };
      for (const raw of pagedRows(db, query)) {
        const [path, reason] = [textOfBytes(bytesIn(raw.path)), textIn(raw.reason)];
        yield { path, age: ageOf(raw), reason, isOlder: Number(raw.older) === 1 };
      }
    },
  };
}

/** Deepest first: what a path begins with stands before it. */
function* foldersUp(db: DatabaseSync): Generator<CatalogEntry> {
  const select = (more: string) => {
    const statement = db.prepare(
      `SELECT * FROM entries WHERE kind = ${FOLDER} ${more} ORDER BY path DESC LIMIT ${PAGE}`,
    );
    statement.setReadBigInts(true);
    return statement;
  };
  const next = select("AND path < ?");
  for (let rows = select("").all() as PagedRow[]; rows.length > 0;) {
    for (const raw of rows) yield entryOf(raw);
    rows = next.all(rows[rows.length - 1].path) as PagedRow[];
  }
}

function frameOf(raw: PagedRow): CatalogFrame {
  const { pack, at, length, plain } = raw;
  return { pack: Number(pack), at: Number(at), length: Number(length), plain: Number(plain) };
}

function placeOf({ frame, at, size }: PagedRow, list: boolean): CatalogPlace {
  return { frame: Number(frame), at: Number(at), size: Number(size), list };
}

function ageOf({ age, pack }: PagedRow) {
  return { order: BigInt(age as bigint), pack: Number(pack) };
}

function entryOf(raw: PagedRow): CatalogEntry {
  const first = bytesOrNull(raw.first);
  return {
    path: textOfBytes(bytesIn(raw.path)),
    age: ageOf(raw),
    stat: bytesIn(raw.stat),
    target: bytesOrNull(raw.target),
    attributes: textOrNull(raw.attributes),
    place: Number(raw.frame) === 0 ? undefined : placeOf(raw, Number(raw.kind) === CHUNKED),
    sha256: bytesOrNull(raw.sha256),
    first: first === null ? null : textOfBytes(first),
    isLinked: Number(raw.linked) === 1,
  };
}
