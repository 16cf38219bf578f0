import type { ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type FolderRow, UNSETTLED } from "../core/index/rows.ts";
import {
  compareBytes,
  joinPath,
  jsonOfText,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { UndoWriter } from "./undo_writer.ts";
import { isSamePlace, live, pathOfRow } from "./undo_rows.ts";

/** A folder that the run has touched: as it was before it, undefined where it was not there. */
export interface TouchedFolder {
  readonly id: number;
  readonly former: FolderRow | undefined;
}

/**
 * Puts moved folders back, the one that was moved last first, so that each finds its place free but
 * where the run has put a new folder there: that one goes away under another name, to be removed.
 */
export function moveFoldersBack(
  log: JobLog,
  folders: readonly TouchedFolder[],
  writer: UndoWriter,
  position: number,
): void {
  const { tables } = log.index;
  const moved = folders.flatMap(({ id, former }) => {
    const now = tables.folderById(id)!;
    return former !== undefined && !isSamePlace(former, now) ? [{ id, former, now }] : [];
  });
  const until = ({ now }: typeof moved[number]) => now.moves.at(-1)?.until ?? 0;
  moved.sort((a, b) => until(b) - until(a));
  for (const { id, former } of moved) {
    if (former.parent === 0) {
      const from = textOfBytes(tables.folderById(id)!.name);
      writer.renameSource(from, textOfBytes(former.name));
      continue;
    }
    const occupant = tables.findFolder(former.parent, former.name);
    if (occupant !== undefined) {
      const name = `${textOfBytes(occupant.name)}.undone-${position}`;
      moveTo(log, writer, occupant, { row: occupant, name });
    }
    moveTo(log, writer, tables.folderById(id)!, { row: former, name: textOfBytes(former.name) });
  }
}

function moveTo(
  log: JobLog,
  writer: UndoWriter,
  folder: FolderRow,
  to: { row: FolderRow; name: PathText },
): void {
  const { paths } = log.index;
  const from = paths.pathOf(folder.id);
  const parent = paths.pathOf(to.row.parent);
  const entry = folderEntry(log, to.row, { change: "moved", name: to.name, prev: folder.position });
  entry.from = jsonOfText(from.path);
  writer.add(parent.source, parent.path, entry);
  // The next one is found by the paths that follow from this.
  writer.flush();
}

/** Folders that are back in their place: there again, with their former metadata. */
export function revertFolders(
  log: JobLog,
  folders: readonly TouchedFolder[],
  writer: UndoWriter,
): void {
  for (const { id, former } of folders) {
    const now = log.index.tables.folderById(id)!;
    if (former === undefined || isAs(former, now)) continue;
    const { source, folder, name } = pathOfRow(log.index, now);
    const entry = folderEntry(log, former, { change: "reverted", name, prev: now.position });
    writer.add(source, folder, entry);
  }
  writer.flush();
}

function isAs(former: FolderRow, now: FolderRow): boolean {
  return live(now) !== undefined && compareBytes(former.stat, now.stat) === 0 &&
    former.attributes === now.attributes && former.fileSystem === now.fileSystem;
}

/** Folders that the run has added, those within others first. A source's root stays. */
export function removeFolders(
  log: JobLog,
  folders: readonly TouchedFolder[],
  writer: UndoWriter,
): void {
  const { tables } = log.index;
  const added = folders.filter(({ former }) => former === undefined)
    .map(({ id }) => tables.folderById(id)!)
    .filter((row) => live(row) !== undefined && row.parent !== 0)
    .map((row) => ({ row, ...pathOfRow(log.index, row) }))
    .sort((a, b) => joinPath(b.folder, b.name).length - joinPath(a.folder, a.name).length);
  for (const { row, source, folder, name } of added) {
    const entry: ObservedEntry = {
      ...{ name: jsonOfText(name), change: "removed", type: "folder", prev: row.position },
    };
    writer.add(source, folder, entry);
  }
  writer.flush();
}

function folderEntry(
  { index }: JobLog,
  row: FolderRow,
  { change, name, prev }: { change: "moved" | "reverted"; name: PathText; prev: number },
): ObservedEntry {
  const outer = row.parent === 0 ? "" : index.tables.folderById(row.parent)!.fileSystem;
  const entry = observedOfStat(name, change, row.stat, {
    ...{ attributes: row.attributes, prev },
    ...(row.fileSystem === outer ? {} : { fileSystem: row.fileSystem }),
  });
  if ((row.state & UNSETTLED) !== 0) entry.racy = true;
  return entry;
}
