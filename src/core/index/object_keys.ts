import { keyOfPath } from "../mirror/object_key.ts";
import { joinPath, type PathText, textOfBytes } from "../path_text.ts";
import type { ContentRow, EntryRow, FolderRow, IndexTables } from "./rows.ts";

/**
 * Keys of the objects that hold content. A row without a key of its own has the one that its path
 * had when the content was stored: so a moved folder changes one row, and what is below it is found
 * where it was put.
 */
export interface ObjectKeys {
  ofEntry(row: Pick<EntryRow, "folder" | "name" | "content">): string;
  ofFolder(row: FolderRow): string;
  ofRow(row: EntryRow | FolderRow): string;
  /** What the path's own key is now. */
  ownOfEntry(folder: number, name: Uint8Array): string;
  ownOfFolder(row: FolderRow): string;
  ownOfRow(row: EntryRow | FolderRow): string;
  /** Key prefixes, ending in "/", that the folder has and ever had: oldest first. */
  prefixesOf(folder: number): string[];
  /** Source and path as they were at a position. */
  placeAt(folder: number, position: number): PlaceOfFolder;
  /** Position of the last move of a folder or of one above it, 0 where there was none. */
  lastMove(folder: number): number;
  forget(): void;
}

export interface PlaceOfFolder {
  readonly source: string;
  readonly path: PathText;
}

/** Bounds the cache; content is stored in batches, so that few positions are asked for. */
const CACHED = 4096;
const NOW = Number.MAX_SAFE_INTEGER;

export function objectKeys(tables: IndexTables): ObjectKeys {
  const places = new Map<string, PlaceOfFolder>();
  const moved = new Map<number, number>();

  /** Position of the last move of a folder or of one above it: after it, the path is today's. */
  function lastMove(id: number): number {
    if (id === 0) return 0;
    const cached = moved.get(id);
    if (cached !== undefined) return cached;
    const row = rowOf(id);
    const last = Math.max(row.moves.at(-1)?.until ?? 0, lastMove(row.parent));
    if (moved.size >= CACHED) moved.clear();
    moved.set(id, last);
    return last;
  }

  function rowOf(id: number): FolderRow {
    const row = tables.folderById(id);
    if (row === undefined) throw new RangeError(`no folder ${id} in the index`);
    return row;
  }

  function placeAt(id: number, position: number): PlaceOfFolder {
    const at = position >= lastMove(id) ? NOW : position;
    const key = `${id} ${at}`;
    const cached = places.get(key);
    if (cached !== undefined) return cached;
    const row = rowOf(id);
    const { parent, name } = row.moves.find(({ until }) => until > at) ?? row;
    const text = textOfBytes(name);
    const place = parent === 0 ? { source: text, path: "" } : below(placeAt(parent, at), text);
    if (places.size >= CACHED) places.clear();
    places.set(key, place);
    return place;
  }

  function below({ source, path }: PlaceOfFolder, name: PathText): PlaceOfFolder {
    return { source, path: joinPath(path, name) };
  }

  function keyAt(folder: number, name: Uint8Array, position: number): string {
    const { source, path } = placeAt(folder, position);
    return keyOfPath(source, joinPath(path, textOfBytes(name)), false);
  }

  function prefixAt(folder: number, position: number): string {
    const { source, path } = placeAt(folder, position);
    return prefixOf(source, path);
  }

  function ofEntry({ folder, name, content }: Pick<EntryRow, "folder" | "name" | "content">) {
    return content.key ?? keyAt(folder, name, Math.abs(content.stored));
  }

  function ofFolder({ id, content }: FolderRow): string {
    return content.key ?? prefixAt(id, Math.abs(content.stored));
  }

  return {
    placeAt,
    lastMove,
    ofEntry,
    ofFolder,
    ofRow: (row) => "parent" in row ? ofFolder(row) : ofEntry(row),
    ownOfEntry: (folder, name) => keyAt(folder, name, NOW),
    ownOfFolder: ({ id }) => prefixAt(id, NOW),
    ownOfRow: (row) => "parent" in row ? prefixAt(row.id, NOW) : keyAt(row.folder, row.name, NOW),
    prefixesOf(folder) {
      const positions = [NOW];
      const above = new Set([folder]);
      for (const id of above) {
        const { parent, moves } = rowOf(id);
        positions.push(...moves.map(({ until }) => until - 1));
        for (const next of [parent, ...moves.map((place) => place.parent)]) {
          if (next !== 0) above.add(next);
        }
      }
      positions.sort((a, b) => a - b);
      return [...new Set(positions.map((position) => prefixAt(folder, position)))];
    },
    forget() {
      places.clear();
      moved.clear();
    },
  };
}

/** Of a folder with this path, the root of a source too; "" where that has no name. */
function prefixOf(source: string, path: PathText): string {
  if (path !== "") return keyOfPath(source, path, true);
  return source === "" ? "" : keyOfPath("", source, true);
}

/** A content row with its key left out where the path's own key at that time says the same. */
export function withoutOwnKey(
  keys: ObjectKeys,
  folder: number,
  name: Uint8Array,
  content: ContentRow,
): ContentRow {
  if (content.key === null) return content;
  const own = keys.ofEntry({ folder, name, content: { ...content, key: null } });
  return own === content.key ? { ...content, key: null } : content;
}
