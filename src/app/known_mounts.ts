import { type FolderRow, isLive } from "../core/index/rows.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** Whether another file system is mounted on a folder, as the index knows it, with entries in it. */
export function isMount(index: IndexModel, row: FolderRow | undefined): boolean {
  if (row === undefined || row.parent === 0) return false;
  const isOther = index.tables.folderById(row.parent)!.fileSystem !== row.fileSystem;
  return isOther && index.countBelow(row.id) > 1;
}

/**
 * Whether a folder is such a mount or has one below it. Where such a folder is gone, what was in it
 * need not be: systems remove the folder that they have mounted a disk on.
 */
export function holdsMount(index: IndexModel, row: FolderRow): boolean {
  if (isMount(index, row)) return true;
  return [...index.tables.foldersIn(row.id)].some((child) =>
    isLive(child) && holdsMount(index, child)
  );
}
