import type { DatabaseSync } from "node:sqlite";
import type { Unstored, UnstoredCursor } from "../ports/event_log.ts";
import { entryRow, folderRow } from "./index_tables.ts";

type Raw = Record<string, unknown>;

/** Rows whose last event is after a position, folders first: no index serves it, a scan does. */
export function touchedRows(db: DatabaseSync) {
  return (after: number, from: UnstoredCursor | undefined, limit: number): Unstored[] => {
    const found: Unstored[] = [];
    if (from === undefined || from.isFolder) {
      const folders = db.prepare(
        "SELECT * FROM folders WHERE position > ? AND id > ? ORDER BY id LIMIT ?",
      ).all(after, from?.folder ?? 0, limit) as Raw[];
      for (const raw of folders) found.push({ isFolder: true, row: folderRow(raw) });
      if (found.length === limit) return found;
    }
    const cursor = from === undefined || from.isFolder ? undefined : from;
    const entries = db.prepare(
      `SELECT * FROM entries WHERE position > ? AND (folder, name) > (?, ?)
       ORDER BY folder, name LIMIT ?`,
    ).all(
      after,
      cursor?.folder ?? 0,
      cursor?.name ?? new Uint8Array(0),
      limit - found.length,
    ) as Raw[];
    for (const raw of entries) found.push({ isFolder: false, row: entryRow(raw) });
    return found;
  };
}
