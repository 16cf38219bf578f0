import type { EventData } from "../event/event.ts";
import type { MoveTables } from "./move_tables.ts";
import type { AliasRow, IndexTables } from "./rows.ts";

/** A moved folder has its rename under this name. */
export const NO_NAME = new Uint8Array(0);

/** A key is an alias target no longer, unless a rename or a kept snapshot needs it. */
export function releaseAlias(tables: IndexTables, key: string): void {
  for (const alias of tables.aliasesOf(key)) {
    if (alias.folder === 0 && !isNeeded(tables, alias)) tables.removeAlias(key, 0);
  }
}

/** What a rename or a kept snapshot needs stays an alias target, whatever the event says. */
export function releaseAliases(
  tables: IndexTables,
  { keys }: EventData["AliasesReleased"],
): void {
  for (const key of keys) {
    for (const alias of tables.aliasesOf(key)) {
      if (!isNeeded(tables, alias)) tables.removeAlias(key, alias.folder);
    }
  }
}

function isNeeded(tables: IndexTables, { key, folder, position }: AliasRow): boolean {
  const hasRename = folder === 0
    ? tables.isRenamedFrom(key)
    : tables.rename(folder, NO_NAME) !== undefined;
  return hasRename || tables.isInSnapshot(position);
}

/** A key whose content has another place for all that had it: no snapshot needs it any more. */
export function releaseCopied(tables: IndexTables, key: string): void {
  if (!tables.isRenamedFrom(key)) tables.removeAlias(key, 0);
}

/** Content that was copied out of another one's way, and has yet to get to its own key. */
export function keepRename(
  { tables }: MoveTables,
  folder: number,
  name: Uint8Array,
  fromKey: string,
): void {
  const row = tables.rename(folder, name);
  if (row === undefined) return;
  tables.putRename({ ...row, fromKey });
  releaseAlias(tables, row.fromKey);
}

/** The content that a row had elsewhere is not its content any more. */
export function dropRename({ tables }: MoveTables, folder: number, name: Uint8Array): void {
  const row = tables.rename(folder, name);
  if (row === undefined) return;
  tables.removeRename(folder, name);
  releaseAlias(tables, row.fromKey);
}
