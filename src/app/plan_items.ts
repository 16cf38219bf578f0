import { keyOfPath } from "../core/mirror/object_key.ts";
import { classFor } from "../core/mirror/storage_class.ts";
import type { BackupPlanItem, BackupReason } from "../core/plan/backup_plan.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Unstored, UnstoredCursor } from "../ports/event_log.ts";
import type { ScanContext } from "./scan_context.ts";

const PAGE = 1000;

/** What a run would have to store now, one item an entry. */
export function* readPlanItems(
  { log }: ScanContext,
  options: { storageClass: string; minArchiveSize: number; partSize: number },
  before: number,
): Generator<BackupPlanItem> {
  let cursor: UnstoredCursor | undefined;
  for (;;) {
    const page = log.index.unread(before, cursor, PAGE);
    if (page.length === 0) return;
    for (const item of page) {
      const { isFolder, row } = item;
      const holder = item.isFolder ? item.row.parent : item.row.folder;
      cursor = { folder: item.isFolder ? item.row.id : holder, name: row.name, isFolder };
      const { source, path: folder } = log.index.paths.pathOf(holder);
      const path = joinPath(folder, textOfBytes(row.name));
      const { type, size } = unpackStat(row.stat);
      const parts = Math.ceil(Number(size) / options.partSize);
      yield {
        ...{ source, path, type, bytes: size, why: reasonOf(item) },
        key: keyOfPath(source, path, isFolder),
        storageClass: classFor(options.storageClass, size, options.minArchiveSize),
        requests: parts > 1 ? parts + 2 : 1,
      };
    }
  }
}

function reasonOf({ row }: Unstored): BackupReason {
  const { stored, sha256 } = row.content;
  if (stored > 0) return "not settled: read again, stored only where the content differs";
  if (stored === 0) return "new";
  return sha256 === null
    ? "changed"
    : "changed, same size: read first, stored only where the content differs";
}
