import { hex } from "../core/hash.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { type DepartedFile, departedFiles } from "./departed_files.ts";
import type { Missing } from "./missing_entries.ts";
import { unreadRows } from "./unread_rows.ts";

/**
 * Files that were removed in this run, by their content's SHA-256 and source: where an unknown file
 * turns out to have that content, it is the same one under another path, whatever its file id.
 */
export type GoneContents = Map<string, DepartedFile>;

export function contentName(source: string, sha256: string): string {
  return `${sha256} ${source}`;
}

/** Only those of a size that some file which is not stored has too; empty files are cheaper sent. */
export function goneContents(
  index: IndexModel,
  missing: readonly Missing[],
  source: string,
): GoneContents {
  const found: GoneContents = new Map();
  const sizes = sizesToStore(index);
  if (sizes.size === 0) return found;
  for (const file of departedFiles(index, { missing, replaced: [] })) {
    const { sha256 } = file.row.content;
    // One found by its file id has left its content to the row of its new path.
    const now = index.tables.findEntry(file.row.folder, file.row.name);
    if (now === undefined || now.content.stored <= 0) continue;
    if (sha256 === null || !sizes.has(unpackStat(file.row.stat).size)) continue;
    found.set(contentName(source, hex(sha256)), file);
  }
  return found;
}

function sizesToStore(index: IndexModel): Set<bigint> {
  const sizes = new Set<bigint>();
  for (const { row } of unreadRows(index, 0)) {
    const { type, size } = unpackStat(row.stat);
    if (type === "file" && size > 0n && row.content.etag === null) sizes.add(size);
  }
  return sizes;
}

/** Sizes of the contents in it, so that a large file is hashed first only where that may help. */
export function sizesOf(gone: GoneContents): Set<bigint> {
  return new Set([...gone.values()].map(({ row }) => unpackStat(row.stat).size));
}
