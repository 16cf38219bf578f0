import type { ObservedContent } from "../core/event/event.ts";
import { observedContent } from "../core/index/observed_content.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import {
  type EntryRow,
  type FolderRow,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "../core/index/rows.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
import { textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** A row as renames objects and pack indexes record it. */
export function recordedEntry(
  index: IndexModel,
  row: EntryRow | FolderRow,
  content: ObservedContent | undefined = contentOf(index, row),
): RecordedEntry {
  const { name: _, change: __, type, ...stat } = observedOfStat("", "added", row.stat, {
    attributes: row.attributes,
    ...("parent" in row ? fileSystemOf(index, row) : {
      links: row.links,
      ...(row.target === null ? {} : { target: textOfBytes(row.target) }),
    }),
  });
  return {
    type: type!,
    ...stat,
    ...((row.state & (UNSETTLED | UNSTABLE)) === 0 ? {} : { racy: true as const }),
    ...((row.state & UNREADABLE) === 0 ? {} : { unreadable: true as const }),
    ...(content === undefined ? {} : { content }),
  };
}

function fileSystemOf(index: IndexModel, row: FolderRow): { fileSystem?: string } {
  const holder = row.parent === 0 ? undefined : index.tables.folderById(row.parent);
  return holder?.fileSystem === row.fileSystem ? {} : { fileSystem: row.fileSystem };
}

function contentOf(index: IndexModel, row: EntryRow | FolderRow): ObservedContent | undefined {
  if (row.content.etag === null) return undefined;
  return observedContent(index.keys.ofRow(row), row.content, row.content.stored);
}
