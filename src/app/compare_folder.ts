import { type EntryRow, type FolderRow, REMOVED } from "../core/index/rows.ts";
import { bytesOfText, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { diffFolder } from "../core/scan/folder_diff.ts";
import { type FolderListing, indexOf } from "../core/scan/listing.ts";
import { FOLDER_CODE, STAT_RECORD_BYTES, typeAt } from "../core/stat_record.ts";
import type { Missing } from "./missing_entries.ts";
import { addUnreadable, observeEntry, unchangedEntry } from "./observe_entry.ts";
import type { Visit, Walk } from "./walk_state.ts";

/** A folder's listing against its rows in the index. */
export function compare(walk: Walk, visit: Visit & { started: bigint; digest: Uint8Array }): void {
  const { handle, listing, path, row, started } = visit;
  const before = { missing: walk.missing.length, unreadable: walk.unreadable };
  const failed = new Set(listing.failed.map((item) => item.name));
  const rows = row === undefined ? [] : walk.log.index.tables.entriesIn(row.id);
  const foreign = row !== undefined && row.fileSystem !== handle.fileSystem;
  const noteMissing = (item: Missing) =>
    failed.has(textOfBytes(item.row.name)) || walk.missing.push(item);
  // Rows are read to their end before a batch may write to the table they come from.
  const changed: { i: number; row: EntryRow | undefined }[] = [];
  const unchanged: EntryRow[] = [];
  diffFolder(listing, rows, {
    changed: (i, row) => void changed.push({ i, row }),
    ...(walk.options.observeAll ? { unchanged: (row) => void unchanged.push(row) } : {}),
    missing: (old) => {
      const name = textOfBytes(old.name);
      noteMissing({ kind: "entry", row: old, folder: path, path: joinPath(path, name), foreign });
    },
  });
  const at = { handle, listing, path, started };
  for (const { i, row } of changed) observeEntry(walk, at, i, row);
  for (const row of unchanged) walk.batch.add(path, unchangedEntry(row));
  if (row !== undefined) missingFolders(walk, visit, foreign, noteMissing);
  for (const { name, reason } of listing.failed) noteFailed(walk, path, row, name, reason);
  // What the index does not know must be met again next time, though the listing be the same.
  if (walk.missing.length === before.missing && walk.unreadable === before.unreadable) {
    walk.batch.cacheDigest(path, visit.digest);
  }
}

function missingFolders(
  walk: Walk,
  { listing, path, row }: Visit,
  foreign: boolean,
  note: (item: Missing) => void,
): void {
  for (const old of [...walk.log.index.tables.foldersIn(row!.id)]) {
    if ((old.state & REMOVED) !== 0 || listsFolder(listing, old.name)) continue;
    note({
      kind: "folder",
      row: old,
      folder: path,
      path: joinPath(path, textOfBytes(old.name)),
      foreign,
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
  if (row === undefined || (row.state & REMOVED) !== 0) return;
  const { tables } = walk.log.index;
  const foreign = row.fileSystem !== fileSystem;
  const at = (name: Uint8Array) => ({ folder, path: joinPath(folder, textOfBytes(name)), foreign });
  for (const old of tables.entriesIn(row.id)) {
    if ((old.state & REMOVED) === 0) {
      walk.missing.push({ kind: "entry", row: old, ...at(old.name) });
    }
  }
  for (const old of tables.foldersIn(row.id)) {
    if ((old.state & REMOVED) === 0) {
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
  const isLive = (row: { state: number } | undefined) =>
    row !== undefined && (row.state & REMOVED) === 0;
  if (isLive(subfolder)) addUnreadable(walk, path, name, reason, "folder", subfolder!.position);
  else {
    const type = isLive(entry) ? typeAt(entry!.stat) : undefined;
    addUnreadable(walk, path, name, reason, type, entry?.position);
  }
}
