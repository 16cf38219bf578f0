import { type PathText, splitPath } from "../core/path_text.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { ListedEntry, ListedRow } from "./list_entries.ts";

/** What is below a folder, or directly in it where those below have totals of their own. */
export interface FolderTotals {
  /** "[source/]path"; "" for the root. */
  readonly path: PathText;
  /** The folder itself is one of them, but for the one that is collated. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Of the files that are stored as last observed. */
  readonly storedBytes: bigint;
}

export interface CollateOptions {
  /** The folder whose entries these are; "" for the root. */
  readonly path: PathText;
  /** Folders below it of which each has totals, 1 or more: 1 for those directly in it. */
  readonly depth: number;
}

type OpenTotals = { -readonly [field in keyof FolderTotals]: FolderTotals[field] };

/**
 * Totals of each folder down to a depth, each as soon as all of it was seen, so that one comes behind
 * those below it. Every entry counts in one of them: in the deepest that it is in. The entries are
 * those that `listEntries` yields recursively; `breathe` is called after each.
 */
export async function* collateFolders(
  entries: Iterable<ListedEntry>,
  { path: root, depth }: CollateOptions,
  breathe: () => Promise<void> | undefined,
): AsyncGenerator<FolderTotals> {
  const open: OpenTotals[] = [noTotals(root)];
  for (const { path, row } of entries) {
    const level = levelOf(path, root);
    // Of those that are open, one a level, the ones that this entry is not in are complete.
    while (open.length > level) yield open.pop()!;
    if ("id" in row && level <= depth) open.push(noTotals(path));
    count(open[open.length - 1], row);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  while (open.length > 1) yield open.pop()!;
  if (open[0].entries > 0) yield open[0];
}

function noTotals(path: PathText): OpenTotals {
  return { path, entries: 0, files: 0, bytes: 0n, storedBytes: 0n };
}

/** How many folders deep an entry is: 1 directly in the root. */
export function levelOf(path: PathText, root: PathText): number {
  let level = 1;
  for (let { folder } = splitPath(path); folder !== root; folder = splitPath(folder).folder) {
    level++;
  }
  return level;
}

function count(totals: OpenTotals, row: ListedRow): void {
  totals.entries++;
  if (row.stat[0] !== FILE_CODE) return;
  const size = new DataView(row.stat.buffer, row.stat.byteOffset).getBigInt64(24, true);
  totals.files++;
  totals.bytes += size;
  if (row.content.stored > 0) totals.storedBytes += size;
}
