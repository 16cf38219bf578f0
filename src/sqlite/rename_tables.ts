import type { DatabaseSync } from "node:sqlite";
import type {
  AliasRow,
  DeletionRow,
  FormerPlace,
  IndexTables,
  RenameRow,
} from "../core/index/rows.ts";
import { bytesIn, numberIn, textIn } from "./column.ts";

type Raw = Record<string, unknown>;

type RenameTables = Pick<
  IndexTables,
  | "putDeletion"
  | "deletion"
  | "removeDeletion"
  | "hasDeletions"
  | "putRename"
  | "rename"
  | "removeRename"
  | "hasRenames"
  | "isRenamedFrom"
  | "holdersOf"
  | "addAlias"
  | "aliasesOf"
  | "removeAlias"
  | "hasAliases"
  | "isInSnapshot"
  | "loseContent"
>;

/** Moved entries, alias targets, and what snapshots lost, in SQLite (schema.ts). */
export function sqliteRenameTables(db: DatabaseSync): RenameTables {
  const statements = prepare(db);
  return {
    putDeletion({ key, version, why, object }) {
      statements.putDeletion.run(key, version, why, object);
    },
    deletion: (key, version) =>
      statements.deletion.get(key, version) as unknown as DeletionRow | undefined,
    removeDeletion(key, version) {
      statements.removeDeletion.run(key, version);
    },
    hasDeletions: () => statements.hasDeletions.get() !== undefined,
    putRename({ folder, name, fromKey, position, aliased }) {
      statements.putRename.run(folder, name, fromKey, position, aliased ? 1 : 0);
    },
    rename(folder, name) {
      const raw = statements.rename.get(folder, name) as Raw | undefined;
      return raw === undefined ? undefined : renameRow(raw);
    },
    removeRename(folder, name) {
      statements.removeRename.run(folder, name);
    },
    hasRenames: () => statements.hasRenames.get() !== undefined,
    isRenamedFrom: (key) => statements.isRenamedFrom.get(key) !== undefined,
    addAlias({ key, folder, position }) {
      statements.addAlias.run(key, folder, position);
    },
    holdersOf: (key) =>
      statements.holdersOf.all(key) as unknown as { folder: number; name: Uint8Array }[],
    aliasesOf: (key) => statements.aliasesOf.all(key) as unknown as AliasRow[],
    removeAlias(key, folder) {
      statements.removeAlias.run(key, folder);
    },
    hasAliases: () => statements.hasAliases.get() !== undefined,
    isInSnapshot: (position) => statements.isInSnapshot.get(position) !== undefined,
    loseContent(from, until, entries = 1) {
      statements.loseContent.run(entries, from, until);
    },
  };
}

function prepare(db: DatabaseSync) {
  return {
    putDeletion: db.prepare("INSERT OR REPLACE INTO deletions VALUES (?, ?, ?, ?)"),
    deletion: db.prepare("SELECT * FROM deletions WHERE key = ? AND version = ?"),
    removeDeletion: db.prepare("DELETE FROM deletions WHERE key = ? AND version = ?"),
    hasDeletions: db.prepare("SELECT 1 FROM deletions LIMIT 1"),
    putRename: db.prepare("INSERT OR REPLACE INTO renames VALUES (?, ?, ?, ?, ?)"),
    rename: db.prepare("SELECT * FROM renames WHERE folder = ? AND name = ?"),
    removeRename: db.prepare("DELETE FROM renames WHERE folder = ? AND name = ?"),
    hasRenames: db.prepare("SELECT 1 FROM renames LIMIT 1"),
    isRenamedFrom: db.prepare("SELECT 1 FROM renames WHERE from_key = ? LIMIT 1"),
    addAlias: db.prepare("INSERT OR IGNORE INTO aliases VALUES (?, ?, ?)"),
    holdersOf: db.prepare(
      "SELECT folder, name FROM entries WHERE object_key = ? ORDER BY folder, name",
    ),
    aliasesOf: db.prepare("SELECT * FROM aliases WHERE key = ? ORDER BY folder"),
    removeAlias: db.prepare("DELETE FROM aliases WHERE key = ? AND folder = ?"),
    hasAliases: db.prepare("SELECT 1 FROM aliases LIMIT 1"),
    isInSnapshot: db.prepare(
      "SELECT 1 FROM snapshots WHERE position >= ? AND forgotten = 0 LIMIT 1",
    ),
    loseContent: db.prepare(
      "UPDATE snapshots SET lost = lost + ? WHERE position >= ? AND position < ?",
    ),
  };
}

const PAGE = 500;

/** Page by page, so that rows may go meanwhile. */
export function renameRows(db: DatabaseSync): (which: "all" | "open") => Iterable<RenameRow> {
  const pageOf = (condition: string) =>
    db.prepare(
      `SELECT * FROM renames WHERE ${condition} AND (folder, name) > (?, ?)
       ORDER BY folder, name LIMIT ${PAGE}`,
    );
  const statements = { all: pageOf("TRUE"), open: pageOf("aliased = 0") };
  return function* (which) {
    let after: Pick<RenameRow, "folder" | "name"> = { folder: 0, name: new Uint8Array(0) };
    for (;;) {
      const rows = (statements[which].all(after.folder, after.name) as Raw[]).map(renameRow);
      yield* rows;
      if (rows.length < PAGE) return;
      after = rows[rows.length - 1];
    }
  };
}

export function renameRow(raw: Raw): RenameRow {
  return {
    folder: numberIn(raw.folder),
    name: bytesIn(raw.name),
    fromKey: textIn(raw.from_key),
    position: numberIn(raw.position),
    aliased: raw.aliased === 1,
  };
}

/** `[[until, parent, name in base64], …]`, null for none. */
export function packMoves(moves: readonly FormerPlace[]): string | null {
  if (moves.length === 0) return null;
  return JSON.stringify(moves.map(({ until, parent, name }) => [until, parent, name.toBase64()]));
}

export function unpackMoves(text: string | null): FormerPlace[] {
  if (text === null) return [];
  const moves = JSON.parse(text) as [number, number, string][];
  return moves.map(([until, parent, name]) => ({
    until,
    parent,
    name: Uint8Array.fromBase64(name),
  }));
}
