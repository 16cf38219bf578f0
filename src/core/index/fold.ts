import type { AnyEvent, EventData, ObservedEntry } from "../event/event.ts";
import { bytesOfText, type PathText, textOfJson } from "../path_text.ts";
import { dropRename, releaseAliases } from "./alias_release.ts";
import { contentAfter, contentOfRemoved } from "./content_after.ts";
import { deleteObjects, planDeletions } from "./deletion_fold.ts";
import { forgetDigests, joinGroup, leaveGroup, moveGroups } from "./digest_fold.ts";
import { type EventPlace, misplaced, unknownFolder } from "./misfit.ts";
import { loseDifferent, loseObject } from "./lost_fold.ts";
import {
  aliasRenames,
  contentOfMoved,
  moveFolder,
  noteMoved,
  renameSource,
  settleRenames,
} from "./move_fold.ts";
import type { MoveTables } from "./move_tables.ts";
import { type ObjectKeys, objectKeys } from "./object_keys.ts";
import { foldPacks } from "./pack_fold.ts";
import { foldRestores } from "./restore_fold.ts";
import { attributesOfObserved, statOfObserved, targetOfObserved } from "./observed_stat.ts";
import {
  type EntryRow,
  type FolderRow,
  type IndexTables,
  isLive,
  NO_CONTENT,
  REMOVED,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "./rows.ts";
import { type FolderPaths, folderPaths } from "./folder_paths.ts";
import { storeObjects, verifyObjects } from "./store_fold.ts";

/**
 * The index projection: each event changes the tables, and nothing else does. Throws kind "damage"
 * where an event does not fit what came before it.
 */
export interface IndexFold {
  project(event: AnyEvent): void;
  readonly paths: FolderPaths;
  readonly keys: ObjectKeys;
}

/** With the caches of whoever reads the same tables, so that a moved folder makes both void. */
export function indexFold(
  tables: IndexTables,
  { paths, keys }: Pick<IndexFold, "paths" | "keys"> = {
    paths: folderPaths(tables),
    keys: objectKeys(tables),
  },
): IndexFold {
  const context: MoveTables = { tables, paths, keys };
  return { paths, keys, project: (event) => project(context, event) };
}

function project(context: MoveTables, event: AnyEvent): void {
  switch (event.type) {
    case "EntriesObserved":
      return observe(context, event.data, event.position);
    case "ObjectsStored":
    case "ObjectCopied":
      return storeObjects(context, event);
    case "RenameAliased":
      return aliasRenames(context, event.data);
    case "RenameSettled":
      return settleRenames(context, event.data);
    case "DeletionPlanned":
      return planDeletions(context, event.data);
    case "ObjectDeleted":
      return deleteObjects(context, event.data);
    case "AliasesReleased":
      return releaseAliases(context.tables, event.data);
    case "SourceRenamed":
      return renameSource(context, event.data, event.position);
    case "ObjectMissing":
    case "ObjectDamaged":
      return loseObject(context, event.data);
    case "DifferencesFound":
      return loseDifferent(context, event.data);
    case "ObjectVerified":
      return verifyObjects(context, event.data, event.position);
    case "RestorePlanned":
    case "ObjectsAwaited":
    case "WarmUpPlanned":
    case "WarmUpRequested":
    case "ObjectWarm":
    case "RestoredCopyExpired":
    case "StorageClassesFound":
    case "RestoreApproved":
    case "EntriesRestored":
    case "RestoreCancelled":
    case "RestoreFinished":
      return foldRestores(context.tables, event);
    default:
      return foldPacks(context, event);
  }
}

function observe(
  context: MoveTables,
  data: EventData["EntriesObserved"],
  position: number,
): void {
  const { tables, paths } = context;
  for (const group of data.folders) {
    const path = textOfJson(group.path);
    const at: EventPlace = { source: data.source, path, position, packs: data.packs === true };
    let folder = paths.find(data.source, path);
    for (const entry of group.entries) {
      if (entry.name === "") {
        observeRoot(tables, at, entry);
        folder = paths.find(data.source, path);
        continue;
      }
      if (folder === undefined) throw unknownFolder(at);
      if (entry.type === "folder") observeFolder(context, folder, entry, at);
      else observeEntry(context, folder, entry, at);
    }
    if (folder !== undefined) {
      tables.listingChanged(folder.id);
      forgetDigests(tables, "tree", folder.id);
    }
  }
}

function observeRoot(tables: IndexTables, at: EventPlace, entry: ObservedEntry): void {
  const name = bytesOfText(at.source);
  const old = tables.findFolder(0, name);
  putFolder(tables, old, { parent: 0, name, fileSystem: entry.fs ?? "" }, entry, at.position);
}

function observeFolder(
  context: MoveTables,
  parent: FolderRow,
  entry: ObservedEntry,
  at: EventPlace,
): void {
  const { tables, paths } = context;
  const text = textOfJson(entry.name);
  const name = bytesOfText(text);
  if (entry.change === "moved") {
    const to = { parent, name, fileSystem: entry.fs ?? parent.fileSystem };
    return moveFolder(context, to, entry, at);
  }
  const old = tables.findFolder(parent.id, name);
  checkPrev(old?.position, entry, at, text);
  const fileSystem = entry.fs ?? parent.fileSystem;
  putFolder(tables, old, { parent: parent.id, name, fileSystem }, entry, at.position);
  if (old !== undefined && old.fileSystem !== fileSystem) paths.forget();
}

function putFolder(
  tables: IndexTables,
  old: FolderRow | undefined,
  identity: { parent: number; name: Uint8Array; fileSystem: string },
  entry: ObservedEntry,
  position: number,
): void {
  if (observesStat(entry)) {
    const row: FolderRow = {
      id: old?.id ?? tables.nextFolderId(),
      ...identity,
      moves: old?.moves ?? [],
      stat: statOfObserved(entry),
      attributes: attributesOfObserved(entry),
      state: entry.racy ? UNSETTLED : 0,
      position,
      content: old?.content ?? { ...NO_CONTENT },
    };
    tables.putFolder(row);
    if (old !== undefined && old.fileSystem !== row.fileSystem) moveGroups(tables, old, row);
  } else if (old !== undefined) {
    old.state = stateAfter(old.state, entry);
    old.position = position;
    tables.putFolder(old);
  }
  if (old !== undefined) tables.listingChanged(old.id);
}

function stateAfter(state: number, entry: ObservedEntry): number {
  switch (entry.change) {
    case "removed":
      return REMOVED;
    case "unreadable":
      return state | UNREADABLE;
    case "unchanged":
      return state;
    case "unstable":
      return UNSTABLE | UNSETTLED;
    default:
      return entry.racy ? UNSETTLED : 0;
  }
}

function observeEntry(
  context: MoveTables,
  folder: FolderRow,
  entry: ObservedEntry,
  at: EventPlace,
): void {
  const { tables } = context;
  const text = textOfJson(entry.name);
  const name = bytesOfText(text);
  if (entry.change === "added" && entry.prev === undefined) {
    const row = newRow(folder.id, name, entry, at.position);
    tables.insertEntry(row);
    if (row.links > 1) joinGroup(tables, folder, row);
    return;
  }
  const old = tables.findEntry(folder.id, name);
  checkPrev(old?.position, entry, at, text);
  // Unreadable from the first: known from the event alone.
  if (old === undefined && !isMoved(entry)) return;
  if (old !== undefined && old.links > 1 && isLive(old)) {
    leaveGroup(tables, folder, old);
  }
  const row = entry.type !== undefined && observesStat(entry)
    ? { ...newRow(folder.id, name, entry, at.position), ...keptOf(old) }
    : old!;
  const comesFromElsewhere = isMoved(entry);
  if (comesFromElsewhere) {
    row.content = entry.content === undefined
      ? { ...NO_CONTENT, stored: -Math.abs(old?.content.stored ?? 0) }
      : contentOfMoved(context, folder.id, name, entry.content);
  } else if (row !== old && old !== undefined) row.content = contentAfter(old, entry);
  row.state = stateAfter(old?.state ?? 0, entry);
  row.position = at.position;
  if (entry.change === "reread") row.content.stored = Math.abs(row.content.stored);
  if (entry.change === "removed") row.content = contentOfRemoved(row.content);
  tables.putEntry(row);
  if (row.links > 1 && isLive(row)) joinGroup(tables, folder, row);
  if (comesFromElsewhere) noteMoved(context, row, entry, at);
  else if (row.content.etag === null && tables.hasRenames()) dropRename(context, folder.id, name);
}

/** Its content is where the event says, not where that of its row was. */
function isMoved({ change }: ObservedEntry): boolean {
  return change === "moved" || change === "linked" || change === "reverted";
}

function observesStat(entry: ObservedEntry): boolean {
  return entry.change === "added" || entry.change === "changed" || entry.change === "unstable" ||
    isMoved(entry);
}

function newRow(
  folder: number,
  name: Uint8Array,
  entry: ObservedEntry,
  position: number,
): EntryRow {
  return {
    folder,
    name,
    stat: statOfObserved(entry),
    links: entry.links ?? 1,
    target: targetOfObserved(entry),
    attributes: attributesOfObserved(entry),
    state: entry.racy ? UNSETTLED : 0,
    position,
    content: NO_CONTENT,
    ...keptOf(undefined),
  };
}

/** What an observation does not change. */
function keptOf(
  old: EntryRow | undefined,
): Pick<EntryRow, "checked" | "occupant" | "occupantSince"> {
  const { checked = 0, occupant = 0, occupantSince = 0 } = old ?? {};
  return { checked, occupant, occupantSince };
}

function checkPrev(
  actual: number | undefined,
  entry: ObservedEntry,
  at: EventPlace,
  name: PathText,
): void {
  if (actual !== entry.prev) throw misplaced(at, name);
}
