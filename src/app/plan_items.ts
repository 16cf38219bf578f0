import { CONTENT_FOLDER } from "../core/mirror/object_key.ts";
import { type ClassChoice, classOfFile } from "../core/mirror/class_rules.ts";
import type { BackupPlanItem, BackupReason } from "../core/plan/backup_plan.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { ScanContext } from "./scan_context.ts";
import { unreadRows } from "./unread_rows.ts";

export interface PlanItemOptions extends ClassChoice {
  readonly partSize: number;
}

/** What a run would have to store now, one item an entry. */
export function* readPlanItems(
  context: Pick<ScanContext, "log" | "clock">,
  options: PlanItemOptions & {
    /** Told of each entry before its step. */
    see: (item: Unstored) => void;
  },
  before: number,
): Generator<BackupPlanItem> {
  for (const item of unreadRows(context.log.index, before)) {
    options.see(item);
    yield planItem(context, options, item);
  }
}

/** How an entry would be stored in the mirror. */
export function planItem(
  { log, clock }: Pick<ScanContext, "log" | "clock">,
  options: PlanItemOptions,
  item: Unstored,
): BackupPlanItem {
  const { row } = item;
  const holder = item.isFolder ? item.row.parent : item.row.folder;
  const { source, path: folder } = log.index.paths.pathOf(holder);
  const path = joinPath(folder, textOfBytes(row.name));
  const { type, size, mtime } = unpackStat(row.stat);
  const parts = Math.ceil(Number(size) / options.partSize);
  return {
    ...{ source, path, type, bytes: size, why: reasonOf(item) },
    key: keyOf(log.index, item),
    // Markers are in Standard.
    storageClass: type === "file"
      ? classOfFile(options, { path, size, mtime }, clock.now())
      : "STANDARD",
    requests: parts > 1 ? parts + 2 : 1,
  };
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
