import { type EntryRow, type FolderRow, isLive, type RenameRow } from "../core/index/rows.ts";
import {
  decideRename,
  type RenameDecision,
  type RenameFacts,
  type RenameMode,
} from "../core/plan/rename_plan.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";

/** A moved entry whose content is not under its own key, and what is to be done about it. */
export interface OpenRename extends RenameDecision {
  readonly source: string;
  readonly path: PathText;
  readonly rename: RenameRow;
  readonly folder?: FolderRow;
  readonly entry?: EntryRow;
}

export interface RenameOptions {
  readonly mode: RenameMode;
  readonly versions: boolean;
  /** Whether the store can hold an object under this key. */
  readonly takesKey: (key: string) => boolean;
  /** Names of the job's sources. */
  readonly sources: ReadonlySet<string>;
}

/** Those that nobody has decided about yet, of live entries. */
export function openRenames(index: IndexModel, options: RenameOptions): OpenRename[] {
  return index.openRenames().flatMap((rename) => {
    const found = rename.name.length === 0
      ? openFolder(index, rename, options)
      : openEntry(index, rename, options);
    return found === undefined || !options.sources.has(found.source) ? [] : [found];
  });
}

function openEntry(
  index: IndexModel,
  rename: RenameRow,
  options: RenameOptions,
): OpenRename | undefined {
  const entry = index.tables.findEntry(rename.folder, rename.name);
  if (!isLive(entry)) return undefined;
  const { source, path: folder } = index.paths.pathOf(rename.folder);
  const path = joinPath(folder, textOfBytes(rename.name));
  const decision = decideRename(factsOf(index, { isFolder: false, row: entry }, options));
  return { source, path, rename, entry, ...decision };
}

function openFolder(
  index: IndexModel,
  rename: RenameRow,
  options: RenameOptions,
): OpenRename | undefined {
  const folder = index.tables.folderById(rename.folder);
  if (!isLive(folder)) return undefined;
  const { source, path } = index.paths.pathOf(folder.id);
  const decision = decideFolder(index, folder.id, options);
  return { source, path, rename, folder, ...decision };
}

/** One object that must not be copied makes the whole folder an alias: it is one row, or none. */
function decideFolder(index: IndexModel, folder: number, options: RenameOptions): RenameDecision {
  const decision = decideRename({ ...options, storageClass: null, takesKey: true });
  if (decision.way === "alias") return decision;
  for (const item of liveBelow(index, folder)) {
    const other = decideRename(factsOf(index, item, options));
    if (other.way === "alias") return other;
  }
  return decision;
}

function factsOf({ keys }: IndexModel, item: Unstored, options: RenameOptions): RenameFacts {
  const { mode, versions, takesKey } = options;
  const { storageClass } = item.row.content;
  // Markers are in Standard, whatever the class of the files.
  return {
    mode,
    versions,
    storageClass: item.isFolder ? null : storageClass,
    takesKey: takesKey(keys.ownOfRow(item.row)),
  };
}

/** Live folders and entries at and below a folder. */
export function* liveBelow(index: IndexModel, folder: number): Generator<Unstored> {
  const { tables } = index;
  const self = tables.folderById(folder)!;
  yield { isFolder: true, row: self };
  for (const row of [...tables.entriesIn(folder)]) {
    if (isLive(row)) yield { isFolder: false, row };
  }
  for (const child of [...tables.foldersIn(folder)]) {
    if (isLive(child)) yield* liveBelow(index, child.id);
  }
}
