import { prefixesAbove, rowBelow } from "../core/index/alias_guard.ts";
import { entriesUnder } from "../core/index/key_claim.ts";
import type { ObjectId } from "../core/index/restore_rows.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { packOfKey } from "../core/pack/pack_layout.ts";
import type { IndexModel } from "../ports/event_log.ts";

/**
 * Whether an object is the current one under its key, as far as the log knows. An older version may have
 * the same bytes and ETag as the current one: LIST, which knows that alone, does not tell them apart.
 */
export function isCurrentVersion(index: IndexModel, { key, version }: ObjectId): boolean {
  // Nothing is ever put in a pack's place.
  if (version === "" || packOfKey(key) !== undefined) return true;
  const rows = [...entriesUnder(index, key), ...movedUnder(index, key)];
  return rows.length > 0 && rows.every((row) => row.content.version === version) &&
    rows.every((row) => !isOlder(index, row, key));
}

/** What an undo brought back is under the path's own key, beneath what was stored there later. */
function isOlder({ keys }: IndexModel, row: EntryRow, key: string): boolean {
  const { occupant, content } = row;
  return occupant !== 0 && occupant !== Math.abs(content.stored) && keys.ownOfRow(row) === key;
}

/** What is under the key because a folder was moved away from it. */
function movedUnder({ tables, keys }: IndexModel, key: string): EntryRow[] {
  if (!tables.hasAliases()) return [];
  return prefixesAbove(key).flatMap((prefix) =>
    tables.aliasesOf(prefix).flatMap(({ folder }) => {
      const row = folder === 0 ? undefined : rowBelow(tables, folder, prefix, key);
      return row !== undefined && !("parent" in row) && keys.ofEntry(row) === key ? [row] : [];
    })
  );
}
