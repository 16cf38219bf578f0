import { FILE_CODE } from "../stat_record.ts";
import { type EntryRow, type FolderRow, type IndexTables, isLive } from "./rows.ts";

/** Which cached digests an event makes void, and the hard-link groups that are part of them. */

export function joinGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  if (row.stat[0] !== FILE_CODE) return;
  tables.addLink(folder.fileSystem, fileIdOf(row.stat), folder.id, row.name);
  forgetGroup(tables, folder, row);
}

export function leaveGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  if (row.stat[0] !== FILE_CODE) return;
  forgetGroup(tables, folder, row);
  tables.removeLink(folder.fileSystem, fileIdOf(row.stat), folder.id, row.name);
}

/** The folder is on another file system now, and so are the hard-link groups of its files. */
export function moveGroups(tables: IndexTables, from: FolderRow, to: FolderRow): void {
  for (const entry of [...tables.entriesIn(to.id)]) {
    if (entry.links < 2 || !isLive(entry)) continue;
    leaveGroup(tables, from, entry);
    joinGroup(tables, to, entry);
  }
}

/** Every group that has a member below the folder has another first path once that is moved. */
export function forgetGroupsBelow(tables: IndexTables, folder: FolderRow): void {
  for (const entry of [...tables.entriesIn(folder.id)]) {
    if (entry.links < 2 || !isLive(entry)) continue;
    forgetGroup(tables, folder, entry);
  }
  for (const child of [...tables.foldersIn(folder.id)]) forgetGroupsBelow(tables, child);
}

/** The first path of a group is part of each member's digest. */
function forgetGroup(tables: IndexTables, folder: FolderRow, row: EntryRow): void {
  for (const member of tables.linkGroup(folder.fileSystem, fileIdOf(row.stat))) {
    forgetDigests(tables, "tree", member.folder);
  }
}

export function fileIdOf(stat: Uint8Array): bigint {
  return new DataView(stat.buffer, stat.byteOffset).getBigUint64(16, true);
}

/** A digest covers all below, so it is forgotten up to the root; where it is already, so above. */
export function forgetDigests(
  tables: IndexTables,
  kind: "tree" | "content",
  folder: number,
): void {
  let id = folder;
  while (id !== 0 && tables.clearDigest(kind, id)) id = tables.folderById(id)?.parent ?? 0;
}
