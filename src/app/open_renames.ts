import { ownerOf } from "../core/index/key_claim.ts";
import { type EntryRow, type FolderRow, isLive, type RenameRow } from "../core/index/rows.ts";
import {
  type ArchivedRenames,
  decideFolder,
  decideRename,
  type RenameDecision,
  type RenameFacts,
  type RenameMode,
} from "../core/plan/rename_plan.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import { foundArchivedTest } from "./warm_renames.ts";

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
  /** How those of archived objects are settled. */
  readonly archived: ArchivedRenames;
  readonly versions: boolean;
  /** Whether the store can hold an object under this key. */
  readonly takesKey: (key: string) => boolean;
  /** Names of the job's sources. */
  readonly sources: ReadonlySet<string>;
}

/**
 * Those that nobody has decided about yet, of live entries. For a folder all of its objects may be
 * looked at. Without `kind` of both: what is decided meanwhile may come all the same.
 */
export function* openRenames(
  index: IndexModel,
  options: RenameOptions,
  kind?: "files" | "folders",
): Generator<OpenRename> {
  const isFound = foundArchivedTest(index);
  for (const rename of index.renames("open")) {
    const isFolder = rename.name.length === 0;
    if (kind === (isFolder ? "files" : "folders")) continue;
    const found = isFolder
      ? openFolder(index, rename, options, isFound)
      : openEntry(index, rename, options, isFound);
    if (found !== undefined && options.sources.has(found.source)) yield found;
  }
}

type FoundTest = (row: EntryRow) => boolean;

function openEntry(
  index: IndexModel,
  rename: RenameRow,
  options: RenameOptions,
  isFound: FoundTest,
): OpenRename | undefined {
  const entry = index.tables.findEntry(rename.folder, rename.name);
  if (!isLive(entry)) return undefined;
  const { source, path: folder } = index.paths.pathOf(rename.folder);
  const path = joinPath(folder, textOfBytes(rename.name));
  const decision = decideRename({
    ...factsOf(index, { isFolder: false, row: entry }, options, isFound),
    isShared: options.archived !== "alias" && isShared(index, entry),
  });
  return { source, path, rename, entry, ...decision };
}

/** Whether another live entry has the same object as its own, as far as it was last looked at. */
function isShared(index: IndexModel, entry: EntryRow): boolean {
  const key = index.keys.ofEntry(entry);
  const owner = ownerOf(index, key);
  if (!isLive(owner) || owner.content.etag === null) return false;
  const isSame = Math.abs(owner.content.stored) === Math.abs(entry.content.stored);
  return isSame && index.keys.ofRow(owner) === key;
}

function openFolder(
  index: IndexModel,
  rename: RenameRow,
  options: RenameOptions,
  isFound: FoundTest,
): OpenRename | undefined {
  const folder = index.tables.folderById(rename.folder);
  if (!isLive(folder)) return undefined;
  const { source, path } = index.paths.pathOf(folder.id);
  const decision = decideFolder(options, objectsBelow(index, folder.id, options, isFound));
  return { source, path, rename, folder, ...decision };
}

function* objectsBelow(
  index: IndexModel,
  folder: number,
  options: RenameOptions,
  isFound: FoundTest,
): Generator<RenameFacts> {
  for (const item of liveBelow(index, folder)) yield factsOf(index, item, options, isFound);
}

function factsOf(
  { keys }: IndexModel,
  item: Unstored,
  options: RenameOptions,
  isFound: FoundTest,
): RenameFacts {
  const { mode, archived, versions, takesKey } = options;
  const { storageClass } = item.row.content;
  // Markers are in Standard, whatever the class of the files.
  return {
    ...{ mode, archived, versions },
    storageClass: item.isFolder ? null : storageClass,
    takesKey: takesKey(keys.ownOfRow(item.row)),
    isFoundArchived: !item.isFolder && isFound(item.row),
  };
}

/** Live folders and entries at and below a folder, page by page: they may be changed meanwhile. */
export function* liveBelow(index: IndexModel, folder: number): Generator<Unstored> {
  const { tables } = index;
  const self = tables.folderById(folder)!;
  yield { isFolder: true, row: self };
  for (const row of tables.entriesIn(folder)) {
    if (isLive(row)) yield { isFolder: false, row };
  }
  for (const child of tables.foldersIn(folder)) {
    if (isLive(child)) yield* liveBelow(index, child.id);
  }
}
