import type { ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import type { FolderRow } from "../core/index/rows.ts";
import { joinPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { isRacy } from "../core/scan/racy.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { SourceFolder } from "../ports/source.ts";
import { canonicalAttributes } from "./observe_entry.ts";
import { believesBirth } from "./scan_context.ts";
import type { Walk } from "./walk_state.ts";

export interface NewFolder {
  readonly parent: PathText;
  readonly name: PathText;
  readonly record: Uint8Array;
  readonly handle: SourceFolder;
}

/**
 * The row of a folder that was under another path before, which is under this one from now on; or
 * undefined. It is an event at once, and not after the delete guard as removals are: a folder has
 * one path, it was seen at the new one, and nothing is deleted by it. What is in it is compared
 * with its rows as always, so that a reused file id does no harm.
 */
export async function takeRenamedFolder(
  walk: Walk,
  found: NewFolder,
): Promise<FolderRow | undefined> {
  if (walk.root.single) return undefined;
  const { index } = walk.log;
  const candidates = index.foldersByFileId(found.record.subarray(16, 24));
  if (candidates.length === 0) return undefined;
  walk.batch.flush();
  const parent = index.paths.find(walk.options.name, found.parent);
  if (parent === undefined) return undefined;
  for (const { id } of candidates) {
    const row = index.tables.folderById(id)!;
    const from = await oldPath(walk, row, found, parent);
    if (from === undefined) continue;
    walk.batch.add(found.parent, await movedFolder(walk, found, row, { from, parent }));
    walk.batch.flush();
    walk.renamed++;
    return index.tables.folderById(id);
  }
  return undefined;
}

/** Where the row says that the folder is, if it is that one and is not there any more. */
async function oldPath(
  walk: Walk,
  row: FolderRow,
  found: NewFolder,
  parent: FolderRow,
): Promise<PathText | undefined> {
  if (row.parent === 0 || row.fileSystem !== found.handle.fileSystem) return undefined;
  const [a, b] = [unpackStat(row.stat), unpackStat(found.record)];
  if (a.fileId !== b.fileId) return undefined;
  const knowsBirth = believesBirth(walk.options) && a.birth !== 0n && b.birth !== 0n;
  if (knowsBirth && a.birth !== b.birth) return undefined;
  const { source, path } = walk.log.index.paths.pathOf(row.id);
  if (source !== walk.options.name || isAtOrAbove(walk, row.id, parent)) return undefined;
  const there = await walk.root.statAt(path);
  const isThere = there !== undefined && unpackStat(there).fileId === b.fileId;
  // On a file system that knows no case, the old name still finds the folder.
  const newPath = joinPath(found.parent, found.name);
  if (isThere && path.toLowerCase() !== newPath.toLowerCase()) return undefined;
  return path;
}

function isAtOrAbove(walk: Walk, id: number, below: FolderRow): boolean {
  for (let row: FolderRow | undefined = below; row !== undefined;) {
    if (row.id === id) return true;
    row = row.parent === 0 ? undefined : walk.log.index.tables.folderById(row.parent);
  }
  return false;
}

async function movedFolder(
  walk: Walk,
  { name, record, handle }: NewFolder,
  row: FolderRow,
  { from, parent }: { from: PathText; parent: FolderRow },
): Promise<ObservedEntry> {
  let attributes: string | null;
  try {
    attributes = canonicalAttributes(await handle.readAttributes(""));
  } catch {
    attributes = row.attributes;
  }
  const { fileSystem } = handle;
  const entry = observedOfStat(name, "moved", record, {
    attributes,
    ...(fileSystem === parent.fileSystem ? {} : { fileSystem }),
    prev: row.position,
  });
  entry.from = jsonOfText(from);
  entry.evidence = "file id";
  if (isRacy(record, walk.clock.now(), handle.racyWindow)) entry.racy = true;
  return entry;
}
