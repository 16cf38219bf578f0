import { HoldfastError } from "../core/error.ts";
import { compareBytes, type PathText } from "../core/path_text.ts";
import type { Overwrite } from "./restore_conflict.ts";
import type { FileDeps, FileItem } from "./restore_file.ts";

/**
 * Whether the file in an entry's place, of its size and time, has its content, too. Before others are
 * linked to it that has to be known. Throws kind "entry" where it has not, and is to be kept.
 */
export async function hasContent(
  { target, hashing }: FileDeps,
  item: FileItem,
  overwrite: Overwrite,
): Promise<boolean> {
  const hash = hashing.incremental();
  for await (const chunk of target.readFile(item.place)) hash.update(chunk);
  const { sha256 } = item.row.content;
  if (sha256 !== null && compareBytes(hash.digest(), sha256) === 0) return true;
  if (overwrite !== "never") return false;
  throw new HoldfastError("entry", "something else is in its place and was kept", {
    hint: "use --overwrite if-changed to replace what differs",
  });
}

/** Whether both names are links of one file already. */
export function isLinked({ target }: FileDeps, place: PathText, existing: PathText): boolean {
  const fileId = target.lookAt(place)?.fileId;
  return fileId !== undefined && fileId !== 0n && fileId === target.lookAt(existing)?.fileId;
}
