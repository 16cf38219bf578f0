import { joinPath, textOfBytes } from "../core/path_text.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import type { Task } from "./store_context.ts";

/** A row with its place. */
export function placedTask({ paths }: IndexModel, item: Unstored): Task {
  const name = textOfBytes(item.row.name);
  if (item.isFolder && item.row.parent === 0) {
    return { source: name, folder: "", name: "", path: "", item };
  }
  const { source, path: folder } = paths.pathOf(item.isFolder ? item.row.parent : item.row.folder);
  return { source, folder, name, path: joinPath(folder, name), item };
}
