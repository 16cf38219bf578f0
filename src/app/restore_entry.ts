import { HoldfastError, isKind } from "../core/error.ts";
import { type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import { clearTheWay } from "./restore_conflict.ts";
import { type FileItem, restoreFile } from "./restore_file.ts";
import type { FolderItem } from "./restore_items.ts";
import { queuePacked } from "./restore_packed.ts";
import { hasContent, isFinished, isLinked } from "./restore_present.ts";
import { done, isBelowSkipped, present, type RestoreWork } from "./restore_work.ts";
import { attributesOf } from "./stored_attributes.ts";

export function restoreFolder(work: RestoreWork, item: FolderItem): void {
  if (isBelowSkipped(work, item.place)) {
    throw new HoldfastError("entry", "its folder could not be made");
  }
  const { target } = work.deps;
  if (item.place !== "") {
    clearTheWay(target, item, work.overwrite);
    target.makeFolder(item.place);
  }
  target.sweep(item.place);
}

export function finishFolder(work: RestoreWork, item: FolderItem): void {
  const { row, place } = item;
  // The folder that holds a source of one file is nobody's entry.
  if (item.path === "" && work.index.tables.source(item.source)?.single) {
    return done(work, item, []);
  }
  const stat = unpackStat(row.stat);
  const reasons = work.deps.target.finishFolder(place, stat, attributesOf(row.attributes));
  done(work, item, reasons);
}

export interface EntryOptions {
  /** A file whose content is in a pack waits until its turn comes in the pack. */
  readonly later: boolean;
  /** What it waited for is warm. */
  readonly isWarm?: boolean;
}

export async function restoreEntry(
  work: RestoreWork,
  item: FileItem,
  { later, isWarm = false }: EntryOptions,
): Promise<void> {
  const { target } = work.deps;
  const { overwrite } = work;
  const verdict = clearTheWay(target, item, overwrite);
  const isMember = work.links.isMember(item);
  if (verdict === "present" && (!isMember || await hasContent(work.deps, item, overwrite))) {
    if (isMember) work.links.written(item);
    return present(work, item);
  }
  if (work.isResumed && await isFinished(work.deps, item, overwrite)) {
    work.links.written(item);
    return present(work, item);
  }
  if (!isWarm && work.waiting.has(item)) return;
  const type = typeAt(item.row.stat);
  const stat = unpackStat(item.row.stat);
  const attributes = attributesOf(item.row.attributes);
  const replace = verdict !== "absent";
  if (type === "file") {
    if (later && queuePacked(work, item, { replace })) return;
    const reasons = await restoreFile(work.deps, item, { replace });
    work.links.written(item);
    return done(work, item, reasons);
  }
  if (replace) target.remove(item.place);
  const reasons = type === "symlink"
    ? target.makeSymlink(item.place, textOfBytes(item.row.target!), stat, attributes)
    : target.makeSpecial(item.place, stat, attributes);
  done(work, item, reasons);
}

export async function restoreLink(
  work: RestoreWork,
  item: FileItem,
  existing: PathText | undefined,
): Promise<void> {
  if (existing === undefined) return await restoreEntry(work, item, { later: false });
  const { target } = work.deps;
  const { overwrite } = work;
  const verdict = clearTheWay(target, item, overwrite);
  if (verdict === "present") {
    const isThere = isLinked(work.deps, item.place, existing) ||
      await hasContent(work.deps, item, overwrite);
    if (isThere) return present(work, item);
  }
  if (verdict !== "absent") target.remove(item.place);
  try {
    target.makeLink(item.place, existing);
  } catch (error) {
    // Another file system, or one without hard links: a copy is the next best.
    if (!isKind(error, "entry")) throw error;
    return done(work, item, await restoreFile(work.deps, item, { replace: false }));
  }
  done(work, item, [], 0);
}
