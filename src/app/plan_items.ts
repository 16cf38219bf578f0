import { CONTENT_FOLDER } from "../core/mirror/object_key.ts";
import { classFor } from "../core/mirror/storage_class.ts";
import type { BackupPlanItem, BackupReason } from "../core/plan/backup_plan.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { ScanContext } from "./scan_context.ts";
import { unreadRows } from "./unread_rows.ts";

/** What a run would have to store now, one item an entry. */
export function* readPlanItems(
  { log }: ScanContext,
  options: { storageClass: string; minArchiveSize: number; partSize: number },
  before: number,
): Generator<BackupPlanItem> {
  for (const item of unreadRows(log.index, before)) {
    const { row } = item;
    const holder = item.isFolder ? item.row.parent : item.row.folder;
    const { source, path: folder } = log.index.paths.pathOf(holder);
    const path = joinPath(folder, textOfBytes(row.name));
    const { type, size } = unpackStat(row.stat);
    const parts = Math.ceil(Number(size) / options.partSize);
    yield {
      ...{ source, path, type, bytes: size, why: reasonOf(item) },
      key: keyOf(log.index, item),
      storageClass: classFor(options.storageClass, size, options.minArchiveSize),
      requests: parts > 1 ? parts + 2 : 1,
    };
  }
}

/** What is an alias target gives way to content under another key. */
function keyOf({ keys, isAliasTarget }: ScanContext["log"]["index"], item: Unstored): string {
  const own = keys.ownOfRow(item.row);
  return isAliasTarget(own) ? CONTENT_FOLDER : own;
}

function reasonOf({ row }: Unstored): BackupReason {
  const { stored, sha256, key } = row.content;
  if (stored > 0) return "not settled: read again, stored only where the content differs";
  if (stored === 0) return "new";
  if (key !== null) return "moved: read first, stored only where the content differs";
  return sha256 === null
    ? "changed"
    : "changed, same size: read first, stored only where the content differs";
}
