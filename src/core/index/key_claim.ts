import { CONTENT_FOLDER, pathOfKey } from "../mirror/object_key.ts";
import type { MoveTables } from "./move_tables.ts";
import { rowAt } from "./row_at.ts";
import { type EntryRow, type FolderRow, isLive } from "./rows.ts";

/**
 * True where a live entry has this key as its own, and has its content there or will have it, or has
 * its content under this key which is no path's: the object under it must not be deleted for the
 * sake of another entry that had it before.
 */
export function isClaimed(context: MoveTables, key: string): boolean {
  if (key.startsWith(CONTENT_FOLDER)) return entriesUnder(context, key).some(isLive);
  const row = ownerOf(context, key);
  if (row === undefined || !isLive(row)) return false;
  return row.content.stored <= 0 || context.keys.ofRow(row) === key;
}

/**
 * Entries, live and removed, whose content is under a key that no alias protects: there is none
 * under a moved folder among them.
 */
export function entriesUnder(context: MoveTables, key: string): EntryRow[] {
  const { tables, keys } = context;
  const own = key.endsWith("/") || key.startsWith(CONTENT_FOLDER)
    ? undefined
    : ownerOf(context, key);
  const others = tables.holdersOf(key).map(({ folder, name }) => tables.findEntry(folder, name));
  return [own, ...others].filter((row) =>
    row !== undefined && !("parent" in row) && row.content.etag !== null &&
    keys.ofEntry(row) === key
  ) as EntryRow[];
}

/** Whose own key it is: a live one before a removed one. */
export function ownerOf(context: MoveTables, key: string): EntryRow | FolderRow | undefined {
  const path = pathOfKey(key);
  const slash = path.indexOf("/");
  const isFolder = key.endsWith("/");
  const place = { source: path.slice(0, slash), path: path.slice(slash + 1) };
  const named = slash < 0 ? undefined : rowAt(context, place, isFolder);
  if (named !== undefined && isLive(named)) return named;
  return rowAt(context, { source: "", path }, isFolder) ?? named;
}
