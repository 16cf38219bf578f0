import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { bytesOfText, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { diffFolder } from "../core/scan/folder_diff.ts";
import { type FolderListing, indexOf, recordAt } from "../core/scan/listing.ts";
import { FOLDER_CODE, STAT_RECORD_BYTES, typeAt } from "../core/stat_record.ts";
import { fileIdOf } from "../core/index/digest_fold.ts";
import { isStoredFile, rowName } from "./departed_files.ts";
import type { Missing } from "./missing_entries.ts";
import { holdsMount, isMount } from "./known_mounts.ts";
import { addUnreadable, observeEntry, unchangedEntry } from "./observe_entry.ts";
import { sameRecordOf } from "./scan_context.ts";
import type { Visit, Walk } from "./walk_state.ts";

/** A folder's listing against its rows in the index. */
export async function compare(
  walk: Walk,
  visit: Visit & { started: bigint; digest: Uint8Array },
): Promise<void> {
  const { handle, listing, path, row, started } = visit;
  const before = { missing: walk.missing.length, unreadable: walk.unreadable };
  const failed = new Set(listing.failed.map((item) => item.name));
  const rows = row === undefined ? [] : walk.log.index.tables.entriesIn(row.id);
  const foreign = row !== undefined && row.fileSystem !== handle.fileSystem;
  if (listing.count === 0 && !foreign && isMount(walk.log.index, row)) walk.emptyMounts++;
  const noteMissing = (item: Missing) =>
    failed.has(textOfBytes(item.row.name)) || walk.missing.push(item);
  // Rows are read to their end before a batch may write to the table they come from.
  const changed: { i: number; row: EntryRow | undefined }[] = [];
  const unchanged: EntryRow[] = [];
  diffFolder(listing, rows, {
    isSame: sameRecordOf(walk.options),
    changed: (i, row) => void changed.push({ i, row }),
    ...(walk.options.observeAll ? { unchanged: (row) => void unchanged.push(row) } : {}),
    missing: (old) => {
      const name = textOfBytes(old.name);
      noteMissing({ kind: "entry", row: old, folder: path, path: joinPath(path, name), foreign });
    },
  });
  const at = { handle, listing, path, started };
  const later: Promise<void>[] = [];
  for (const { i, row } of changed) {
    if (row !== undefined) noteReplaced(walk, row, recordAt(listing, i));
    const noted = observeEntry(walk, at, i, row);
    if (noted !== undefined && later.push(noted) === TOGETHER) await allOf(later.splice(0));
  }
  if (later.length > 0) await allOf(later);
  for (const row of unchanged) walk.batch.add(path, unchangedEntry(row));
  if (row !== undefined) missingFolders(walk, visit, foreign, noteMissing);
  for (const { name, reason } of listing.failed) noteFailed(walk, path, row, name, reason);
  // What the index does not know must be met again next time, though the listing be the same.
  if (walk.missing.length === before.missing && walk.unreadable === before.unreadable) {
    walk.batch.cacheDigest(path, visit.digest);
  }
}

/** Entries whose attributes a server is asked for at once. */
const TOGETHER = 256;

/** Nothing of them goes on when this fails. */
async function allOf(later: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(later);
  await Promise.all(later);
}

/** So many are kept in memory; what is renamed onto more names than that is uploaded. */
const REPLACED = 200_000;

/** Another file is at the path now: the one that was may be found elsewhere. */
function noteReplaced(walk: Walk, row: EntryRow, record: Uint8Array): void {
  if (!isLive(row)) return;
  const isOther = fileIdOf(row.stat) !== fileIdOf(record);
  if (!isOther && row.links > 1) walk.sameFile.add(rowName(row));
  if (isOther && isStoredFile(row) && walk.replaced.length < REPLACED) walk.replaced.push(row);
}

function missingFolders(
  walk: Walk,
  { listing, path, row }: Visit,
  foreign: boolean,
  note: (item: Missing) => void,
): void {
  const { index } = walk.log;
  for (const old of [...index.tables.foldersIn(row!.id)]) {
    if (!isLive(old) || listsFolder(listing, old.name)) continue;
    note({
      kind: "folder",
      row: old,
      folder: path,
      path: joinPath(path, textOfBytes(old.name)),
      foreign: foreign || holdsMount(index, old),
    });
  }
}

/** What is known below a mount that is not entered any more is left out, as what is excluded is. */
export function missingBelow(
  walk: Walk,
  folder: PathText,
  row: FolderRow | undefined,
  fileSystem: string,
): void {
  if (!isLive(row)) return;
  const { tables } = walk.log.index;
  const foreign = row.fileSystem !== fileSystem;
  const at = (name: Uint8Array) => ({ folder, path: joinPath(folder, textOfBytes(name)), foreign });
  for (const old of tables.entriesIn(row.id)) {
    if (isLive(old)) {
      walk.missing.push({ kind: "entry", row: old, ...at(old.name) });
    }
  }
  for (const old of tables.foldersIn(row.id)) {
    if (isLive(old)) {
      walk.missing.push({ kind: "folder", row: old, ...at(old.name) });
    }
  }
}

function listsFolder(listing: FolderListing, name: Uint8Array): boolean {
  const i = indexOf(listing, name);
  return i >= 0 && listing.stats[i * STAT_RECORD_BYTES] === FOLDER_CODE;
}

function noteFailed(
  walk: Walk,
  path: PathText,
  folder: FolderRow | undefined,
  name: PathText,
  reason: string,
): void {
  const { tables } = walk.log.index;
  const bytes = bytesOfText(name);
  const entry = folder === undefined ? undefined : tables.findEntry(folder.id, bytes);
  const subfolder = folder === undefined ? undefined : tables.findFolder(folder.id, bytes);
  if (isLive(subfolder)) addUnreadable(walk, path, name, reason, "folder", subfolder!.position);
  else {
    const type = isLive(entry) ? typeAt(entry!.stat) : undefined;
    addUnreadable(walk, path, name, reason, type, entry?.position);
  }
}
