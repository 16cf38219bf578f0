import type { DatabaseSync } from "node:sqlite";
import { folderPaths } from "../core/index/folder_paths.ts";
import type { AliasRow, DeletionRow } from "../core/index/rows.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { IndexModel, Totals, Unstored, UnstoredCursor } from "../ports/event_log.ts";
import { entryRow, folderRow, sqliteIndexTables } from "./index_tables.ts";
import { isAliasTarget } from "../core/index/alias_guard.ts";
import { objectKeys } from "../core/index/object_keys.ts";
import { sqlitePackModel } from "./pack_tables.ts";
import { renameRow, renameRows } from "./rename_tables.ts";
import { sqliteRestoreModel } from "./restore_model.ts";
import { touchedRows } from "./touched_rows.ts";
import {
  runRow,
  segmentRow,
  snapshotRow,
  sourceRow,
  sqliteRunTables,
  uploadRow,
} from "./run_tables.ts";

type Raw = Record<string, unknown>;

/** The queries of the commands over the projections. */
export function sqliteIndexModel(db: DatabaseSync): IndexModel {
  const tables = { ...sqliteIndexTables(db), ...sqliteRunTables(db) };
  const paths = folderPaths(tables);
  const keys = objectKeys(tables);
  const statements = prepare(db);
  const all = <Row>(
    sql: string,
    map: (raw: Raw) => Row,
    ...values: (number | Uint8Array)[]
  ): Row[] => (db.prepare(sql).all(...values) as Raw[]).map(map);

  return {
    tables,
    paths,
    keys,
    packs: sqlitePackModel(db),
    restores: sqliteRestoreModel(db),
    isAliasTarget: (key) => isAliasTarget(tables, key),
    renames: renameRows(db),
    firstRenames: (limit) =>
      all(
        "SELECT * FROM renames ORDER BY aliased, position, folder, name LIMIT ?",
        renameRow,
        limit,
      ),
    renameCounts: () =>
      db.prepare(
        `SELECT COALESCE(SUM(aliased = 0), 0) AS open, COALESCE(SUM(aliased), 0) AS aliased
         FROM renames`,
      ).get() as { open: number; aliased: number },
    aliases: () =>
      all("SELECT * FROM aliases ORDER BY key, folder", (raw) => raw as unknown as AliasRow),
    touched: touchedRows(db),
    deletions: () =>
      all("SELECT * FROM deletions ORDER BY key, version", (raw) => raw as unknown as DeletionRow),
    segments: (kind) =>
      (db.prepare("SELECT * FROM segments WHERE kind = ? ORDER BY first").all(kind) as Raw[])
        .map(segmentRow),
    lastSegment(log) {
      const row = db.prepare(
        "SELECT * FROM segments WHERE kind = 'segment' AND log = ? ORDER BY first DESC LIMIT 1",
      ).get(log) as Raw | undefined;
      return row === undefined ? undefined : segmentRow(row);
    },
    keptFolders: (after, limit) =>
      all(
        `SELECT * FROM folders WHERE state & 1 = 1 AND etag IS NOT NULL AND id > ? ORDER BY id
         LIMIT ?`,
        folderRow,
        after,
        limit,
      ),
    keptEntries: (after, limit) =>
      (db.prepare(
        `SELECT * FROM entries WHERE state & 1 = 1 AND etag IS NOT NULL
           AND (folder, name) > (?, ?) ORDER BY folder, name LIMIT ?`,
      ).all(after?.folder ?? 0, after?.name ?? new Uint8Array(0), limit) as Raw[]).map(entryRow),
    foldersByFileId: (fileId) => (statements.foldersByFileId.all(fileId) as Raw[]).map(folderRow),
    hasPending: (folder) => statements.hasPending.get(folder) !== undefined,
    statDigest: (folder) =>
      (statements.statDigest.get(folder) as { digest: Uint8Array | null } | undefined)?.digest ??
        undefined,
    setStatDigest(folder, digest) {
      statements.setStatDigest.run(digest, folder);
    },
    unread: (before, after, limit) => unread(statements, before, after, limit),
    unreadTotals: (before) => totalsOf(db, `${UNREAD} AND ${PENDING}`, before),
    unstoredTotals: () => totalsOf(db, `state & 1 = 0 AND stored <= 0 AND ${PENDING}`),
    totals: () => totalsOf(db, "state & 1 = 0"),
    unreadable: () => countUnreadable(db),
    hasSealed: () =>
      db.prepare("SELECT 1 FROM entries WHERE header > 0 AND stored > 0 AND state & 1 = 0 LIMIT 1")
        .get() !== undefined,
    countBelow: (folder) => Number((statements.countBelow.get(folder) as Raw).n),
    runs: (limit) => all("SELECT * FROM runs ORDER BY position DESC LIMIT ?", runRow, limit),
    lastRuns: () =>
      all(
        `SELECT * FROM runs WHERE position IN (SELECT MAX(position) FROM runs GROUP BY command)
         ORDER BY position DESC`,
        runRow,
      ),
    openRuns: () =>
      all(
        "SELECT * FROM runs WHERE finished IS NULL AND interrupted = 0 ORDER BY position",
        runRow,
      ),
    snapshots: () => all("SELECT * FROM snapshots ORDER BY position", snapshotRow),
    uploads: () => all("SELECT * FROM uploads ORDER BY position", uploadRow),
    sources: () => all("SELECT * FROM sources ORDER BY name", sourceRow),
  };
}

/** Said as the partial index entries_pending says it, so that SQLite may use that. */
const PENDING = "(stored <= 0 OR state <> 0)";

/** Not stored; or stored, but not settled or not readable when it was last looked at. */
const UNREAD = "state & 1 = 0 AND (stored <= 0 OR (state & 6 <> 0 AND position < ?1))";

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => made ??= make();
}

function prepare(db: DatabaseSync) {
  return {
    hasPending: db.prepare(
      `SELECT 1 FROM entries WHERE folder = ? AND state & 1 = 0 AND (stored <= 0 OR state <> 0)
       LIMIT 1`,
    ),
    foldersByFileId: db.prepare(
      "SELECT * FROM folders WHERE substr(stat, 17, 8) = ? AND state & 1 = 0",
    ),
    statDigest: db.prepare("SELECT stat_digest AS digest FROM folders WHERE id = ?"),
    setStatDigest: db.prepare("UPDATE folders SET stat_digest = ? WHERE id = ?"),
    countBelow: db.prepare(
      `WITH RECURSIVE below (id) AS (
         SELECT ? UNION
         SELECT folders.id FROM folders JOIN below ON folders.parent = below.id
         WHERE folders.state & 1 = 0)
       SELECT COUNT(*) + (SELECT COUNT(*) FROM entries JOIN below ON folder = below.id
                          WHERE state & 1 = 0) AS n FROM below`,
    ),
    unstoredFolders: db.prepare(
      "SELECT * FROM folders WHERE id > ? AND state & 1 = 0 AND stored <= 0 AND parent <> 0 ORDER BY id LIMIT ?",
    ),
    // Prepared when first asked for: a replay has no such index.
    unstoredEntries: lazily(() =>
      db.prepare(
        `SELECT * FROM entries INDEXED BY entries_pending
       WHERE (folder, name) > (?2, ?3) AND ${UNREAD} AND ${PENDING}
       ORDER BY folder, name LIMIT ?4`,
      )
    ),
  };
}

/** Folders first: an empty folder's marker must not wait for a million files. */
function unread(
  statements: ReturnType<typeof prepare>,
  before: number,
  after: UnstoredCursor | undefined,
  limit: number,
): Unstored[] {
  const found: Unstored[] = [];
  if (after === undefined || after.isFolder) {
    for (const raw of statements.unstoredFolders.all(after?.folder ?? 0, limit) as Raw[]) {
      found.push({ isFolder: true, row: folderRow(raw) });
    }
    if (found.length === limit) return found;
  }
  const cursor = after === undefined || after.isFolder ? undefined : after;
  const rows = statements.unstoredEntries().all(
    before,
    cursor?.folder ?? 0,
    cursor?.name ?? new Uint8Array(0),
    limit - found.length,
  ) as Raw[];
  for (const raw of rows) found.push({ isFolder: false, row: entryRow(raw) });
  return found;
}

/** Each byte value at its own place: instr() turns a byte into its number. */
const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** A file's size out of its packed stat (core/stat_record.ts), up to 2⁵⁶: a third of a loop's time. */
const SIZE = Array.from(
  { length: 7 },
  (_, i) => `((instr(?2, substr(stat, ${25 + i}, 1)) - 1) << ${8 * i})`,
).join(" + ");

/** `before` is ?1 of the condition, where it has one. */
function totalsOf(db: DatabaseSync, where: string, before?: number): Totals {
  const folders = db.prepare(
    `SELECT COUNT(*) AS entries FROM folders WHERE parent <> 0 AND ${where}`,
  ).get(...(before === undefined ? [] : [before])) as Raw;
  const statement = db.prepare(
    `SELECT COUNT(*) AS entries, COALESCE(SUM(substr(stat, 1, 1) = x'0${FILE_CODE}'), 0) AS files,
       COALESCE(SUM(${SIZE}), 0) AS bytes FROM entries WHERE ${where}`,
  );
  statement.setReadBigInts(true);
  const { entries, files, bytes } = statement.get(before ?? 0, BYTES) as Record<string, bigint>;
  return {
    entries: Number(folders.entries) + Number(entries),
    files: Number(files),
    bytes,
  };
}

function countUnreadable(db: DatabaseSync): number {
  const row = db.prepare(
    `SELECT (SELECT COUNT(*) FROM entries WHERE state & 1 = 0 AND ${PENDING} AND state & 2 <> 0) +
            (SELECT COUNT(*) FROM folders WHERE state & 1 = 0 AND state & 2 <> 0) AS n`,
  ).get() as Raw;
  return Number(row.n);
}
