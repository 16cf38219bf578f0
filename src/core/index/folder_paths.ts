import { bytesOfText, joinPath, type PathText, splitPath, textOfBytes } from "../path_text.ts";
import type { FolderRow, IndexTables } from "./rows.ts";

/** Folder rows by path and paths by folder id. */
export interface FolderPaths {
  /** The folder, live or removed, or undefined where none was ever observed there. */
  find(source: string, path: PathText): FolderRow | undefined;
  /** The path of a folder from its source's root, and the source's name. */
  pathOf(id: number): { readonly source: string; readonly path: PathText };
  /** After a rollback, or where folders changed behind the cache. */
  forget(): void;
}

/** Bounds the memory of the caches; a walk asks for neighbours, so a fresh start costs little. */
const CACHED = 4096;

export function folderPaths(tables: IndexTables): FolderPaths {
  const ids = new Map<string, number>();
  const paths = new Map<number, { source: string; path: PathText }>();

  function find(source: string, path: PathText): FolderRow | undefined {
    const key = `${source}\0${path}`;
    const cached = ids.get(key);
    if (cached !== undefined) return tables.folderById(cached);
    const row = path === "" ? tables.findFolder(0, bytesOfText(source)) : findBelow(source, path);
    if (row === undefined) return undefined;
    if (ids.size >= CACHED) ids.clear();
    ids.set(key, row.id);
    return row;
  }

  function findBelow(source: string, path: PathText): FolderRow | undefined {
    const { folder, name } = splitPath(path);
    const parent = find(source, folder);
    return parent === undefined ? undefined : tables.findFolder(parent.id, bytesOfText(name));
  }

  function pathOf(id: number): { source: string; path: PathText } {
    const cached = paths.get(id);
    if (cached !== undefined) return cached;
    const row = tables.folderById(id);
    if (row === undefined) throw new RangeError(`no folder ${id} in the index`);
    const name = textOfBytes(row.name);
    const place = row.parent === 0 ? { source: name, path: "" } : below(pathOf(row.parent), name);
    if (paths.size >= CACHED) paths.clear();
    paths.set(id, place);
    return place;
  }

  function below(parent: { source: string; path: PathText }, name: PathText) {
    return { source: parent.source, path: joinPath(parent.path, name) };
  }

  return {
    find,
    pathOf,
    forget() {
      ids.clear();
      paths.clear();
    },
  };
}
