import { countObject, type StorageTally, tallyOf } from "../core/cost/storage_tally.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { PathText } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import { levelOf } from "./collate_folders.ts";
import { type ListedEntry, type ListedRow, listEntries } from "./list_entries.ts";
import { countShare, packedShares } from "./packed_share.ts";
import { objectOf } from "./stored_size.ts";

/** What is stored for a folder and all below it, but for folders below that have a line of their own. */
export interface FolderStorage {
  /** "[source/]path"; "" for the root. */
  readonly path: PathText;
  /** By class. Of packs `objects` counts files. */
  readonly tallies: ReadonlyMap<string, StorageTally>;
}

export interface ByFolderOptions {
  /** Levels of folders that are told one by one; 0 for the root alone. */
  readonly depth: number;
  readonly inPacks: boolean;
}

/**
 * Each folder down to a depth as soon as all of it was seen. Memory grows with the depth, not with
 * the entries. `breathe` is called after each.
 */
export async function* storageByFolder(
  { index }: JobLog,
  { depth, inPacks }: ByFolderOptions,
  breathe: () => Promise<void> | undefined,
): AsyncGenerator<FolderStorage> {
  const count = inPacks ? countPacked : countInMirror;
  const open = [noStorage("")];
  for (const { path, row } of listEntries(index, { kind: "root" }, { recursive: true })) {
    const level = levelOf(path, "");
    while (open.length > level) yield open.pop()!;
    if (isFolder(row) && level <= depth) open.push(noStorage(path));
    count(index, row, open.at(-1)!.tallies);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  while (open.length > 0) yield open.pop()!;
}

function noStorage(path: PathText): { path: PathText; tallies: Map<string, StorageTally> } {
  return { path, tallies: new Map() };
}

function isFolder(row: ListedEntry["row"]): boolean {
  return "id" in row;
}

function countInMirror(
  index: IndexModel,
  row: ListedRow,
  tallies: Map<string, StorageTally>,
): void {
  const object = objectOf(index, row);
  if (object !== undefined) countObject(tallyOf(tallies, object.storageClass), object.bytes);
}

function countPacked(index: IndexModel, row: ListedRow, tallies: Map<string, StorageTally>): void {
  let last: StorageTally | undefined;
  for (const { storageClass, bytes } of packedShares(index, row)) {
    last = tallyOf(tallies, storageClass);
    countShare(last, bytes);
  }
  if (last !== undefined && row.stat[0] === FILE_CODE) last.objects++;
}
