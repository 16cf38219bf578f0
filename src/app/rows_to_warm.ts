import type { ObjectId } from "../core/index/restore_rows.ts";
import { type EntryRow, isLive } from "../core/index/rows.ts";
import { isArchived } from "../core/plan/rename_plan.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ColdObject } from "../ports/waiting_files.ts";
import { liveBelow, type OpenRename } from "./open_renames.ts";
import { storedBytes } from "./stored_size.ts";
import { foundArchivedTest, objectOf } from "./warm_renames.ts";

/** Moved files whose archived objects must be warm before a copy. One may come twice. */
export function* rowsToWarm(
  index: IndexModel,
  renames: Iterable<OpenRename>,
): Generator<EntryRow> {
  const isToWarm = toWarmTest(index);
  for (const { way, folder, entry } of renames) {
    if (way !== "warm-up") continue;
    if (entry !== undefined && isToWarm(entry)) yield entry;
    if (folder === undefined) continue;
    for (const { isFolder, row } of liveBelow(index, folder.id)) {
      if (!isFolder && isToWarm(row)) yield row;
    }
  }
}

/** To be made anew for each look at the index. */
export function toWarmTest(index: IndexModel): (row: EntryRow) => boolean {
  const { keys } = index;
  const isFound = foundArchivedTest(index);
  return (row) => {
    const { stat, content } = row;
    return isLive(row) && stat[0] === FILE_CODE && content.stored > 0 &&
      keys.ofEntry(row) !== keys.ownOfRow(row) &&
      (isArchived(content.storageClass) || isFound(row));
  };
}

/** As far as is known where the store has it by now. */
export function objectToWarm(index: IndexModel, row: EntryRow): ColdObject & ObjectId {
  const { etag, storageClass } = row.content;
  const id = objectOf(index, row);
  const found = index.restores.foundClass(id);
  return {
    ...{ ...id, etag, size: storedBytes(row) },
    storageClass: found?.storageClass ?? storageClass ?? "STANDARD",
    archive: found?.archive ?? null,
  };
}
