import type { ObservedEntry } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { joinPath, type PathText, splitPath, textOfBytes } from "../core/path_text.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { type Missing, removal } from "./missing_entries.ts";

/** A file that a scan did not find where the index has it. */
export interface DepartedFile {
  /** As it was before the scan. */
  readonly row: EntryRow;
  /** From the source's root, by the index as it is now. */
  readonly path: PathText;
  readonly fileSystem: string;
  /** Nothing is at its path now; else another file is. */
  readonly missing: boolean;
}

export interface Departures {
  readonly missing: readonly Missing[];
  /** Rows whose path has another file now, as they were. */
  readonly replaced: readonly EntryRow[];
  /** Names (rowName) of files with several that were there before, though with another ctime. */
  readonly sameFile: ReadonlySet<string>;
  readonly count: number;
}

/** Tells rows apart. */
export function rowName({ folder, name }: EntryRow): string {
  return `${folder} ${hex(name)}`;
}

/** Whether a row is one that the scan missed, or lies below a folder that it missed. */
export function missingTest(
  { tables }: IndexModel,
  missing: readonly Missing[],
): (row: EntryRow) => boolean {
  const entries = new Set<string>();
  const folders = new Set<number>();
  for (const item of missing) {
    if (item.kind === "entry") entries.add(rowName(item.row));
    else folders.add(item.row.id);
  }
  const isBelow = (id: number): boolean => {
    if (id === 0) return false;
    return folders.has(id) || isBelow(tables.folderById(id)!.parent);
  };
  return (row) => entries.has(rowName(row)) || (folders.size > 0 && isBelow(row.folder));
}

/** Those whose content is in the store as it was last seen. */
export function* departedFiles(
  index: IndexModel,
  { missing, replaced }: Pick<Departures, "missing" | "replaced">,
): Generator<DepartedFile> {
  for (const item of missing) {
    if (item.kind === "folder") yield* filesBelow(index, item.row);
    else if (isStoredFile(item.row)) yield departed(index, item.row, true);
  }
  for (const row of replaced) yield departed(index, row, false);
}

function* filesBelow(index: IndexModel, folder: FolderRow): Generator<DepartedFile> {
  for (const row of [...index.tables.entriesIn(folder.id)]) {
    if (isLive(row) && isStoredFile(row)) yield departed(index, row, true);
  }
  for (const child of [...index.tables.foldersIn(folder.id)]) {
    if (isLive(child)) yield* filesBelow(index, child);
  }
}

export function isStoredFile({ stat, content }: EntryRow): boolean {
  return stat[0] === FILE_CODE && content.stored > 0 && content.etag !== null;
}

function departed(index: IndexModel, row: EntryRow, missing: boolean): DepartedFile {
  const { path } = index.paths.pathOf(row.folder);
  const { fileSystem } = index.tables.folderById(row.folder)!;
  return { row, path: joinPath(path, textOfBytes(row.name)), fileSystem, missing };
}

/** Of those alone that were found under another path. */
export function* removeDeparted(
  departed: readonly DepartedFile[],
): Generator<{ folder: PathText; entry: ObservedEntry }> {
  for (const { row, path } of departed) {
    yield { folder: splitPath(path).folder, entry: removal(row) };
  }
}
