import { type PathText, textOfJson } from "../path_text.ts";
import type { ObservedEntry } from "./event.ts";

/** Where a file was before, from its source's root: moved by the person, or moved back by undo. */
export function fileMovedFrom({ change, type, from }: ObservedEntry): PathText | undefined {
  if (from === undefined || type === "folder") return undefined;
  return change === "moved" || change === "reverted" ? textOfJson(from) : undefined;
}

/** The same of a folder, whose row in the index goes with it. */
export function folderMovedFrom({ change, type, from }: ObservedEntry): PathText | undefined {
  return from !== undefined && type === "folder" && change === "moved"
    ? textOfJson(from)
    : undefined;
}
