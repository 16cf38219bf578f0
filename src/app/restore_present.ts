import { HoldfastError } from "../core/error.ts";
import { compareBytes, type PathText } from "../core/path_text.ts";
import { clearTheWay, type Overwrite } from "./restore_conflict.ts";
import type { FileDeps, FileItem } from "./restore_file.ts";

/**
 * Whether the file in an entry's place, of its size and time, has its content, too. Before others are
 * linked to it that has to be known. Throws kind "entry" where it has not, and is to be kept.
 */
export async function hasContent(
  { target, hashing }: Pick<FileDeps, "target" | "hashing">,
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

/**
 * Whether an earlier process of the same restore has written the file already. With "always" size and
 * time prove nothing: they may be those of what was there before, so its content is read.
 */
export async function isFinished(
  deps: Pick<FileDeps, "target" | "hashing">,
  item: FileItem,
  overwrite: Overwrite,
): Promise<boolean> {
  if (overwrite !== "always" || item.row.content.sha256 === null) return false;
  return clearTheWay(deps.target, item, "if-changed") === "present" &&
    await hasContent(deps, item, "if-changed");
}

/** Whether both names are links of one file already. */
export function isLinked({ target }: FileDeps, place: PathText, existing: PathText): boolean {
  const fileId = target.lookAt(place)?.fileId;
  return fileId !== undefined && fileId !== 0n && fileId === target.lookAt(existing)?.fileId;
}
