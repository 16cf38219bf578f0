import { bytesOfText, type PathText, splitPath } from "../path_text.ts";
import type { MoveTables } from "./move_tables.ts";
import type { EntryRow, FolderRow } from "./rows.ts";

/** Paths and tables, of the fold or of the model that commands look at. */
export type PlacedTables = Pick<MoveTables, "tables" | "paths">;

/** An entry that is no folder, live or removed, by the path from its source's root. */
export function entryAt(
  { tables, paths }: PlacedTables,
  source: string,
  path: PathText,
): EntryRow | undefined {
  const { folder, name } = splitPath(path);
  const holder = paths.find(source, folder);
  return holder === undefined ? undefined : tables.findEntry(holder.id, bytesOfText(name));
}

/** The folder or the other entry there, live or removed: a path may have had both. */
export function rowAt(
  index: PlacedTables,
  { source, path }: { readonly source: string; readonly path: PathText },
  isFolder: boolean,
): EntryRow | FolderRow | undefined {
  return isFolder ? index.paths.find(source, path) : entryAt(index, source, path);
}

/** entryAt, while the index does not change: neighbours share the look for their folder. */
export function neighbourFinder(
  { tables, paths }: PlacedTables,
): (source: string, path: PathText) => EntryRow | undefined {
  let last: { readonly at: string; readonly id: number | undefined } | undefined;
  return (source, path) => {
    const { folder, name } = splitPath(path);
    const at = `${source}\0${folder}`;
    if (last?.at !== at) last = { at, id: paths.find(source, folder)?.id };
    return last.id === undefined ? undefined : tables.findEntry(last.id, bytesOfText(name));
  };
}
