import { hex } from "../core/hash.ts";
import { fileIdOf } from "../core/index/digest_fold.ts";
import type { PathText } from "../core/path_text.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { FileItem } from "./restore_file.ts";

/**
 * Hard-link groups of one restore: the first member is fetched, the others become links to it when
 * all files are written, but only to a file that this restore wrote or verified, and with the same content.
 */
export function linkGroups() {
  const firsts = new Map<string, PathText>();
  const written = new Map<string, PathText>();
  const waiting: FileItem[] = [];
  return {
    isMember: (item: FileItem) => groupOf(item) !== undefined,
    /** True where the item has to wait for the first of its group. */
    defer(item: FileItem): boolean {
      const group = groupOf(item);
      if (group === undefined) return false;
      if (firsts.has(group)) {
        waiting.push(item);
        return true;
      }
      firsts.set(group, item.place);
      return false;
    },
    /** The file is in its place, written or verified by this restore. */
    written(item: FileItem): void {
      const group = groupOf(item);
      if (group !== undefined && !written.has(group)) written.set(group, item.place);
    },
    /** The waiting members, each with the file that it can be linked to by then. */
    *deferred(): Generator<{ item: FileItem; existing: PathText | undefined }> {
      for (const item of waiting) yield { item, existing: written.get(groupOf(item)!) };
    },
  };
}

function groupOf({ row, folder }: FileItem): string | undefined {
  if (row.links < 2 || row.stat[0] !== FILE_CODE || row.content.sha256 === null) return undefined;
  return `${folder.fileSystem}\0${fileIdOf(row.stat)}\0${hex(row.content.sha256)}`;
}
