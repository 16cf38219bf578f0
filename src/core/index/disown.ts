import { CONTENT_FOLDER } from "../mirror/object_key.ts";
import { compareBytes } from "../path_text.ts";
import { prefixesAbove, rowBelow } from "./alias_guard.ts";
import { NO_NAME } from "./alias_release.ts";
import { forgetDigests } from "./digest_fold.ts";
import type { MoveTables } from "./move_tables.ts";
import { type EntryRow, type FolderRow, NO_CONTENT } from "./rows.ts";

/**
 * Content under a key that is another path's is believed as long as something keeps that key
 * from being overwritten: the entry's own rename, or the aliases of a folder above it. These forget
 * content, mostly that of removed entries, which lost that protection.
 */

/** All below a folder whose own aliases are about to go. */
export function disownBelow(context: MoveTables, folder: FolderRow): void {
  const { tables } = context;
  disownFolder(context, folder, folder.id);
  const visit = (holder: FolderRow): void => {
    for (const row of [...tables.entriesIn(holder.id)]) disownEntry(context, row, folder.id);
    for (const child of [...tables.foldersIn(holder.id)]) {
      disownFolder(context, child, folder.id);
      visit(child);
    }
  };
  visit(folder);
}

/** `without` is the folder whose aliases do not count, 0 for none. */
export function disownEntry(context: MoveTables, row: EntryRow, without = 0): void {
  const { tables, keys } = context;
  const { folder, name, content } = row;
  if (content.etag === null) return;
  const key = keys.ofEntry(row);
  if (key.startsWith(CONTENT_FOLDER) || key === keys.ownOfEntry(folder, name)) return;
  if (tables.rename(folder, name)?.fromKey === key) return;
  if (isCovered(context, row, key, without)) return;
  tables.putEntry({ ...row, content: { ...NO_CONTENT, stored: -Math.abs(content.stored) } });
  tables.listingChanged(folder);
  forgetDigests(tables, "content", folder);
}

function disownFolder(context: MoveTables, row: FolderRow, without: number): void {
  const { tables, keys } = context;
  if (row.content.etag === null) return;
  const key = keys.ofFolder(row);
  if (key.startsWith(CONTENT_FOLDER) || key === keys.ownOfFolder(row)) return;
  if (isCovered(context, row, key, without)) return;
  tables.putFolder({ ...row, content: { ...NO_CONTENT, stored: -Math.abs(row.content.stored) } });
}

/**
 * True where the alias of a folder above, or of the row itself, leads from the key to this row. One
 * that is there for the sake of a snapshot alone does not count: it goes without a word to the rows.
 */
function isCovered(
  { tables }: MoveTables,
  row: FolderRow | EntryRow,
  key: string,
  without: number,
): boolean {
  const prefixes = key.endsWith("/") ? [...prefixesAbove(key), key] : prefixesAbove(key);
  return prefixes.some((prefix) =>
    tables.aliasesOf(prefix).some(({ folder }) => {
      if (folder === 0 || folder === without) return false;
      if (tables.rename(folder, NO_NAME) === undefined) return false;
      const found = rowBelow(tables, folder, prefix, key);
      return found !== undefined && isSame(found, row);
    })
  );
}

function isSame(a: FolderRow | EntryRow, b: FolderRow | EntryRow): boolean {
  if ("id" in a || "id" in b) return "id" in a && "id" in b && a.id === b.id;
  return a.folder === b.folder && compareBytes(a.name, b.name) === 0;
}
