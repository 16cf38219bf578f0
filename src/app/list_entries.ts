import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { compareBytes, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { type Listed, liveRoots } from "./find_listed.ts";

/** Of a folder or of anything else; folders have an id. */
export type ListedRow = FolderRow | EntryRow;

export interface ListedEntry {
  /** "[source/]path". */
  readonly path: PathText;
  readonly row: ListedRow;
}

export interface ListOptions {
  /** Each folder is followed by what is in it. */
  readonly recursive: boolean;
}

/**
 * The entries of a folder in byte order of their names, or the one entry. Rows are read as they are
 * asked for.
 */
export function* listEntries(
  index: IndexModel,
  listed: Listed,
  options: ListOptions,
): Generator<ListedEntry> {
  if (listed.kind === "entry") return yield listed;
  if (listed.kind === "folder") return yield* inFolder(index, listed.path, listed.row.id, options);
  for (const { name, root } of liveRoots(index)) {
    if (name !== "") yield { path: name, row: root };
    if (name === "" || options.recursive) yield* inFolder(index, name, root.id, options);
  }
}

function* inFolder(
  index: IndexModel,
  folder: PathText,
  id: number,
  options: ListOptions,
): Generator<ListedEntry> {
  for (const row of rowsIn(index, id)) {
    if (!isLive(row)) continue;
    const path = joinPath(folder, textOfBytes(row.name));
    yield { path, row };
    if (options.recursive && "id" in row) yield* inFolder(index, path, row.id, options);
  }
}

/** Subfolders and entries, merged by name. */
export function* rowsIn({ tables }: IndexModel, id: number): Generator<ListedRow> {
  const folders = tables.foldersIn(id)[Symbol.iterator]();
  let folder = folders.next();
  for (const entry of tables.entriesIn(id)) {
    while (!folder.done && compareBytes(folder.value.name, entry.name) < 0) {
      yield folder.value;
      folder = folders.next();
    }
    yield entry;
  }
  for (; !folder.done; folder = folders.next()) yield folder.value;
}
