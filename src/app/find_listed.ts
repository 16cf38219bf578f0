import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { bytesOfText, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** What a path ("[source/]path", "" for the root) names in a state. */
export type Listed =
  | { readonly kind: "root" }
  | { readonly kind: "folder"; readonly path: PathText; readonly row: FolderRow }
  | { readonly kind: "entry"; readonly path: PathText; readonly row: EntryRow };

export interface Unlisted {
  readonly kind: "missing";
  /** The folder, as far as the path exists, and the name that is not in it. */
  readonly within: PathText;
  readonly name: PathText;
  readonly why: "unknown" | "removed" | "no-folder";
  /** The names that are in that folder. */
  readonly names: () => Iterable<PathText>;
}

export function findListed(index: IndexModel, path: PathText): Listed | Unlisted {
  if (path === "") return { kind: "root" };
  let missing: Unlisted | undefined;
  for (const { name, root } of liveRoots(index)) {
    if (path === name) return { kind: "folder", path, row: root };
    if (name !== "" && !path.startsWith(`${name}/`)) continue;
    const names = path.slice(name === "" ? 0 : name.length + 1).split("/");
    const found = descend(index, { path: name, row: root }, names);
    if (found.kind !== "missing") return found;
    missing ??= found;
  }
  const [first] = path.split("/");
  return missing ??
    { kind: "missing", within: "", name: first, why: "unknown", names: () => rootNames(index) };
}

/** Sources that are in the state, with the row of their root. */
export function* liveRoots(index: IndexModel): Generator<{ name: string; root: FolderRow }> {
  for (const { name } of index.sources()) {
    const root = index.paths.find(name, "");
    if (root !== undefined && isLive(root)) yield { name, root };
  }
}

function descend(
  { tables }: IndexModel,
  start: { path: PathText; row: FolderRow },
  names: readonly PathText[],
): Listed | Unlisted {
  let { path, row } = start;
  for (const [i, name] of names.entries()) {
    const bytes = bytesOfText(name);
    const within = path;
    const folder = tables.findFolder(row.id, bytes);
    if (folder !== undefined && isLive(folder)) {
      path = joinPath(path, name);
      row = folder;
      continue;
    }
    const entry = tables.findEntry(row.id, bytes);
    const isThere = entry !== undefined && isLive(entry);
    if (isThere && i === names.length - 1) {
      return { kind: "entry", path: joinPath(path, name), row: entry };
    }
    const wasThere = folder !== undefined || entry !== undefined;
    const why = isThere ? "no-folder" : wasThere ? "removed" : "unknown";
    const { id } = row;
    return { kind: "missing", within, name, why, names: () => namesIn(tables, id) };
  }
  return { kind: "folder", path, row };
}

function* namesIn(tables: IndexModel["tables"], folder: number): Generator<PathText> {
  for (const row of tables.foldersIn(folder)) if (isLive(row)) yield textOfBytes(row.name);
  for (const row of tables.entriesIn(folder)) if (isLive(row)) yield textOfBytes(row.name);
}

function* rootNames(index: IndexModel): Generator<PathText> {
  for (const { name, root } of liveRoots(index)) {
    if (name === "") yield* namesIn(index.tables, root.id);
    else yield name;
  }
}
