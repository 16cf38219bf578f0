import type { DatabaseSync } from "node:sqlite";
import type {
  ContentRow,
  DigestKind,
  EntryRow,
  FolderRow,
  IndexTables,
} from "../core/index/rows.ts";
import { REMOVED, UNREADABLE, UNSTABLE } from "../core/index/rows.ts";
import { STAT_RECORD_BYTES, typeAt } from "../core/stat_record.ts";
import { bytesIn, bytesOrNull, numberIn, textIn, textOrNull } from "./column.ts";
import { sqlitePackTables } from "./pack_tables.ts";
import { sqliteRestoreTables } from "./restore_tables.ts";
import { packMoves, sqliteRenameTables, unpackMoves } from "./rename_tables.ts";

import { plainRecords } from "./plain_records.ts";

type Raw = Record<string, unknown>;

/** The index's tables in SQLite (schema.ts), by prepared statements. */
export function sqliteIndexTables(db: DatabaseSync): IndexTables {
  const statements = prepare(db);
  return {
    nextFolderId() {
      return Number((statements.lastFolder.get() as Raw).id ?? 0) + 1;
    },
    findFolder(parent, name) {
      return folderOf(statements.findFolder.get(parent, name) as Raw | undefined);
    },
    folderById(id) {
      return folderOf(statements.folderById.get(id) as Raw | undefined);
    },
    putFolder(row) {
      const { stored, sha256, key, version, etag, storageClass } = row.content;
      statements.putFolder.run(
        ...[row.id, row.parent, row.name, row.fileSystem, row.stat, row.attributes, row.state],
        ...[row.position, stored, sha256, key, version, packEtag(etag), storageClass],
        packMoves(row.moves),
      );
    },
    foldersIn: (parent) => paged(statements.foldersIn, parent, folderRow),
    findEntry(folder, name) {
      const raw = statements.findEntry.get(folder, name) as Raw | undefined;
      return raw === undefined ? undefined : entryRow(raw);
    },
    insertEntry: (row) => putEntry(statements.insertEntry, row),
    putEntry: (row) => putEntry(statements.putEntry, row),
    storeContent(folder, name, content, { prev, position, state }) {
      const { stored, sha256, key, version, etag, storageClass, since, header } = content;
      const result = statements.storeContent.run(
        ...[stored, sha256, key, version, packEtag(etag), storageClass, since, header],
        ...[key, position, key, since, position, state, folder, name, prev],
      );
      return Number(result.changes) === 1;
    },
    entriesIn: (folder) => paged(statements.entriesIn, folder, entryRow),
    plainRecords: plainRecords(db),
    addLink(fileSystem, fileId, folder, name) {
      statements.addLink.run(fileSystem, BigInt.asIntN(64, fileId), folder, name);
    },
    removeLink(fileSystem, fileId, folder, name) {
      statements.removeLink.run(fileSystem, BigInt.asIntN(64, fileId), folder, name);
    },
    linkGroup(fileSystem, fileId) {
      return statements.linkGroup.all(fileSystem, BigInt.asIntN(64, fileId)) as {
        folder: number;
        name: Uint8Array;
      }[];
    },
    digest(kind, folder) {
      const raw = statements.digest[kind].get(folder) as { digest: Uint8Array | null } | undefined;
      return raw?.digest ?? undefined;
    },
    setDigest(kind, folder, digest) {
      statements.setDigest[kind].run(digest, folder);
    },
    clearDigest(kind, folder) {
      return Number(statements.clearDigest[kind].run(folder).changes) > 0;
    },
    listingChanged(folder) {
      statements.listingChanged.run(folder);
    },
    setChecked(folder, name, position) {
      statements.setChecked.run(position, folder, name);
    },
    ...sqliteRenameTables(db),
    ...sqlitePackTables(db),
    ...sqliteRestoreTables(db),
  };
}

type Statement = ReturnType<DatabaseSync["prepare"]>;

const FOLDER_COLUMNS =
  "id, parent, name, file_system, stat, attributes, state, position, stored, sha256, object_key, version_id, etag, class, moves";
const ENTRY_COLUMNS =
  "folder, name, stat, links, target, attributes, state, position, stored, sha256, object_key, version_id, etag, class, since, header, occupant, occupant_since, checked";
const MARKS = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
const ENTRY_MARKS = `${MARKS}, ?, ?, ?, ?`;

function prepare(db: DatabaseSync) {
  const entries = `SELECT ${ENTRY_COLUMNS} FROM entries WHERE folder = ?`;
  const folders = `SELECT ${FOLDER_COLUMNS} FROM folders WHERE`;
  const update = FOLDER_COLUMNS.split(", ").slice(1).map((name) => `${name} = excluded.${name}`);
  return {
    lastFolder: db.prepare("SELECT MAX(id) AS id FROM folders"),
    findFolder: db.prepare(`${folders} parent = ? AND name = ?`),
    folderById: db.prepare(`${folders} id = ?`),
    foldersIn: db.prepare(`${folders} parent = ? AND name > ? ORDER BY name LIMIT ${PAGE}`),
    putFolder: db.prepare(
      `INSERT INTO folders (${FOLDER_COLUMNS}) VALUES (${MARKS}) ON CONFLICT (id) DO UPDATE SET ${update}`,
    ),
    findEntry: db.prepare(`${entries} AND name = ?`),
    entriesIn: db.prepare(`${entries} AND name > ? ORDER BY name LIMIT ${PAGE}`),
    insertEntry: db.prepare(`INSERT INTO entries (${ENTRY_COLUMNS}) VALUES (${ENTRY_MARKS})`),
    putEntry: db.prepare(
      `INSERT OR REPLACE INTO entries (${ENTRY_COLUMNS}) VALUES (${ENTRY_MARKS})`,
    ),
    storeContent: db.prepare(
      `UPDATE entries SET stored = ?, sha256 = ?, object_key = ?, version_id = ?, etag = ?,
         class = ?, since = ?, header = ?, occupant = CASE WHEN ? IS NULL THEN ? ELSE occupant END,
         occupant_since = CASE WHEN ? IS NULL THEN ? ELSE occupant_since END, position = ?,
         state = (state & ${UNSTABLE}) | ?
       WHERE folder = ? AND name = ? AND position = ? AND state & ${REMOVED | UNREADABLE} = 0`,
    ),
    addLink: db.prepare("INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?)"),
    removeLink: db.prepare(
      "DELETE FROM links WHERE file_system = ? AND file_id = ? AND folder = ? AND name = ?",
    ),
    linkGroup: db.prepare("SELECT folder, name FROM links WHERE file_system = ? AND file_id = ?"),
    digest: {
      tree: db.prepare("SELECT tree_digest AS digest FROM folders WHERE id = ?"),
      content: db.prepare("SELECT content_digest AS digest FROM folders WHERE id = ?"),
    },
    setDigest: {
      tree: db.prepare("UPDATE folders SET tree_digest = ? WHERE id = ?"),
      content: db.prepare("UPDATE folders SET content_digest = ? WHERE id = ?"),
    },
    clearDigest: {
      tree: db.prepare(
        `UPDATE folders SET tree_digest = NULL, content_digest = NULL
         WHERE id = ? AND (tree_digest IS NOT NULL OR content_digest IS NOT NULL)`,
      ),
      content: db.prepare(
        "UPDATE folders SET content_digest = NULL WHERE id = ? AND content_digest IS NOT NULL",
      ),
    },
    setChecked: db.prepare("UPDATE entries SET checked = ? WHERE folder = ? AND name = ?"),
    listingChanged: db.prepare(
      "UPDATE folders SET stat_digest = NULL WHERE id = ? AND stat_digest IS NOT NULL",
    ),
  } satisfies Record<string, Statement | Record<DigestKind, Statement>>;
}

function putEntry(statement: Statement, row: EntryRow): void {
  const { stored, sha256, key, version, etag, storageClass, since, header } = row.content;
  statement.run(
    ...[row.folder, row.name, row.stat, row.links, row.target, row.attributes, row.state],
    ...[row.position, stored, sha256, key, version, packEtag(etag), storageClass, since, header],
    ...[row.occupant, row.occupantSince, row.checked],
  );
}

function folderOf(raw: Raw | undefined): FolderRow | undefined {
  return raw === undefined ? undefined : folderRow(raw);
}

export function folderRow(raw: Raw): FolderRow {
  return {
    id: numberIn(raw.id),
    parent: numberIn(raw.parent),
    name: bytesIn(raw.name),
    moves: unpackMoves(textOrNull(raw.moves)),
    fileSystem: textIn(raw.file_system),
    stat: statIn(raw.stat),
    attributes: textOrNull(raw.attributes),
    state: numberIn(raw.state),
    position: numberIn(raw.position),
    content: contentRow(raw, { since: 0, header: 0 }),
  };
}

export function entryRow(raw: Raw): EntryRow {
  return {
    folder: numberIn(raw.folder),
    name: bytesIn(raw.name),
    stat: statIn(raw.stat),
    links: numberIn(raw.links),
    target: bytesOrNull(raw.target),
    attributes: textOrNull(raw.attributes),
    state: numberIn(raw.state),
    position: numberIn(raw.position),
    content: contentRow(raw, { since: numberIn(raw.since), header: numberIn(raw.header) }),
    occupant: numberIn(raw.occupant),
    occupantSince: numberIn(raw.occupant_since),
    checked: numberIn(raw.checked),
  };
}

function contentRow(raw: Raw, ofFiles: Pick<ContentRow, "since" | "header">): ContentRow {
  return {
    stored: numberIn(raw.stored),
    sha256: bytesOrNull(raw.sha256),
    key: textOrNull(raw.object_key),
    version: textOrNull(raw.version_id),
    etag: unpackEtag(raw.etag as Uint8Array | string | null),
    storageClass: textOrNull(raw.class),
    ...ofFiles,
  };
}

function statIn(value: unknown): Uint8Array {
  const stat = bytesIn(value);
  if (stat.length !== STAT_RECORD_BYTES) throw new RangeError("a row holds half a stat record");
  typeAt(stat);
  return stat;
}

const md5 = /^[0-9a-f]{32}$/;

/** An ETag that is an MD5 in hex takes 16 bytes instead of 32. */
function packEtag(etag: string | null): Uint8Array | string | null {
  return etag !== null && md5.test(etag) ? Uint8Array.fromHex(etag) : etag;
}

function unpackEtag(etag: Uint8Array | string | null): string | null {
  return etag instanceof Uint8Array ? etag.toHex() : etag;
}

/** Rows a query returns at once: `all` takes half the time of `iterate`, and no read stays open. */
const PAGE = 2048;
const FIRST = new Uint8Array(0);

function* paged<Row extends { name: Uint8Array }>(
  statement: Statement,
  holder: number,
  map: (raw: Raw) => Row,
): Generator<Row> {
  let after: Uint8Array = FIRST;
  for (;;) {
    const rows = statement.all(holder, after) as Raw[];
    for (const raw of rows) yield map(raw);
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].name as Uint8Array;
  }
}
