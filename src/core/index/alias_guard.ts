import { pathOfKey } from "../mirror/object_key.ts";
import { bytesOfText } from "../path_text.ts";
import type { EntryRow, FolderRow, IndexTables } from "./rows.ts";

/**
 * True where a key is an alias target: it holds content of an entry with another path, now or in a
 * snapshot that is kept, and must be neither overwritten nor deleted (DESIGN section 6). Below the
 * prefix of a moved folder these are the keys of whatever that folder ever held.
 */
export function isAliasTarget(tables: IndexTables, key: string): boolean {
  return aliasGuard(tables)(key);
}

/**
 * The same for many keys, while no folder is moved and no alias of one comes or goes: what protects
 * the keys of a folder is looked up once for neighbours.
 */
export function aliasGuard(tables: IndexTables): (key: string) => boolean {
  let last: { readonly above: string; readonly holders: readonly FolderRow[] } | undefined;

  function holdersOf(above: string): readonly FolderRow[] {
    if (last?.above !== above) last = { above, holders: foldersHolding(tables, above) };
    return last.holders;
  }

  return (key) => {
    if (!tables.hasAliases()) return false;
    if (tables.aliasesOf(key).length > 0) return true;
    const end = key.lastIndexOf("/", key.length - 2) + 1;
    const holders = holdersOf(key.slice(0, end));
    if (holders.length === 0) return false;
    const name = bytesOfText(pathOfKey(key.slice(end)));
    const isFolder = key.endsWith("/");
    return holders.some(({ id }) =>
      (isFolder ? tables.findFolder(id, name) : tables.findEntry(id, name)) !== undefined
    );
  };
}

/** The folders that the aliases of moved ones make of a prefix: what is in them is protected. */
function foldersHolding(tables: IndexTables, above: string): FolderRow[] {
  const prefixes = above === "" ? [above] : [...prefixesAbove(above), above];
  return prefixes.flatMap((prefix) =>
    tables.aliasesOf(prefix).flatMap(({ folder }) => {
      if (folder === 0) return [];
      const row = prefix === above
        ? tables.folderById(folder)
        : rowBelow(tables, folder, prefix, above);
      return row === undefined ? [] : [row as FolderRow];
    })
  );
}

/** "" and each part of the key up to a "/", without the key itself. */
export function prefixesAbove(key: string): string[] {
  const prefixes = [""];
  for (let at = key.indexOf("/"); at >= 0 && at < key.length - 1; at = key.indexOf("/", at + 1)) {
    prefixes.push(key.slice(0, at + 1));
  }
  return prefixes;
}

/** What is, or was when it was removed, in a folder where the key says below the prefix. */
export function rowBelow(
  tables: IndexTables,
  folder: number,
  prefix: string,
  key: string,
): FolderRow | EntryRow | undefined {
  const depth = prefix === "" ? 0 : pathOfKey(prefix).split("/").length;
  const names = pathOfKey(key).split("/").slice(depth).map(bytesOfText);
  const isFolder = key.endsWith("/");
  const last = isFolder ? undefined : names.pop();
  let row: FolderRow | undefined = tables.folderById(folder);
  for (const name of names) {
    if (row === undefined) return undefined;
    row = tables.findFolder(row.id, name);
  }
  return last === undefined || row === undefined ? row : tables.findEntry(row.id, last);
}
