import { fullPath } from "../core/mirror/renames_record.ts";
import { bytesOfText, type PathText } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { carried, type FolderMove } from "./folder_moves.ts";

export interface NamedPlace {
  readonly source: string;
  /** From the source's root. */
  readonly path: PathText;
}

/** Where what an event speaks of is now, by the moves of folders and sources since. */
export function placeNow(
  index: IndexModel,
  { source, path }: NamedPlace,
  moves: readonly FolderMove[],
  position: number,
): NamedPlace {
  if (moves.length === 0) return { source, path };
  const now = carried(fullPath(source, path), moves, position);
  if (source !== "" && (now === source || now.startsWith(`${source}/`))) {
    return { source, path: now.slice(source.length + 1) };
  }
  const slash = now.indexOf("/");
  const first = slash < 0 ? now : now.slice(0, slash);
  const isNamed = index.tables.findFolder(0, bytesOfText(first)) !== undefined;
  if (isNamed && first !== "") return { source: first, path: now.slice(first.length + 1) };
  return { source: "", path: now };
}
