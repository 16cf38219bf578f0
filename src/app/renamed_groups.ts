import { countEarly, type EarlyTally } from "../core/cost/price_deletion.ts";
import type { FoundPlace, RenamedGroup } from "../core/cost/price_renames.ts";
import { countUpload, emptyUpload, type UploadTally } from "../core/cost/price_upload.ts";
import { copyRequests } from "../core/copy_parts.ts";
import { NO_NAME } from "../core/index/alias_release.ts";
import type { ObjectId } from "../core/index/restore_rows.ts";
import { type EntryRow, IN_PACKS } from "../core/index/rows.ts";
import { type RenameWay, wayOfObject } from "../core/plan/rename_plan.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { IndexModel, JobLog, Unstored } from "../ports/event_log.ts";
import { liveBelow, type OpenRename } from "./open_renames.ts";
import { storedBytes } from "./stored_size.ts";
import { foundArchivedTest, isAskedFor, objectOf } from "./warm_renames.ts";

/** Moved objects of one class that are settled the same way. */
export interface SettledGroup extends RenamedGroup {
  readonly way: RenameWay;
}

interface Counted {
  readonly way: RenameWay;
  readonly storageClass: string;
  readonly isAsked: boolean;
  readonly found: FoundPlace | undefined;
  readonly uploads: UploadTally;
  copyParts: number;
  readonly early: Map<string, EarlyTally>;
}

export interface GroupOptions {
  readonly partSize: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Versions are kept: what is deleted is there as before, and no fee is due. */
  readonly versions: boolean;
  readonly isWarm: (row: EntryRow) => boolean;
  /** All objects by default. */
  readonly includes?: (item: Unstored) => boolean;
}

/** How much each way of settling renames has to do: groups by way and class. */
export function renamedGroups(
  log: JobLog,
  renames: Iterable<OpenRename>,
  { partSize, now, versions, isWarm, includes = () => true }: GroupOptions,
): SettledGroup[] {
  const { index } = log;
  const groups = new Map<string, Counted>();
  const timeOf = eventTimes(log);
  const isFound = foundArchivedTest(index);
  const hasFound = index.restores.hasFoundClasses();
  for (const rename of renames) {
    for (const item of objectsToMove(index, rename)) {
      if (!includes(item)) continue;
      const { isFolder, row } = item;
      const { storageClass: ownClass, stored } = row.content;
      const isFoundArchived = !isFolder && isFound(row);
      const needed = wayOfObject(rename.way, { storageClass: ownClass, isFoundArchived });
      const isCold = needed === "warm-up" && !isFolder;
      const way = isCold && isWarm(row) ? "copy" : needed;
      const id = isFolder ? undefined : objectOf(index, row);
      const isAsked = isCold && isAskedFor(index, id!, now);
      const storageClass = ownClass ?? "STANDARD";
      const found = id === undefined || !hasFound ? undefined : foundAt(index, id);
      const group = groupOf(groups, { way, storageClass, isAsked, found });
      const bytes = storedBytes(row);
      const parts = Math.ceil(bytes / partSize);
      countUpload(group.uploads, bytes, parts > 1 ? parts + 2 : 1);
      group.copyParts += copyRequests(bytes) - 1;
      if (ownClass === null || versions) continue;
      const storedAt = timeOf(Math.abs(stored));
      countEarly(group.early, { storageClass, bytes, storedAt }, now);
    }
  }
  return [...groups.values()].map((group) => settledGroup(group, versions));
}

/** Stored objects of a rename. Of a folder that waits, some are in their places. */
function* objectsToMove(index: IndexModel, { folder, entry }: OpenRename): Generator<Unstored> {
  if (folder === undefined) {
    if (isObject(entry!)) yield { isFolder: false, row: entry! };
    return;
  }
  const isOthers = movedItself(index, folder.id);
  for (const item of liveBelow(index, folder.id)) {
    const { row } = item;
    if (!isObject(row) || index.keys.ofRow(row) === index.keys.ownOfRow(row)) continue;
    if (!isOthers(item)) yield item;
  }
}

/** Whether something in a moved folder has moved within it, too: then its own rename counts it. */
function movedItself({ tables }: IndexModel, outer: number): (item: Unstored) => boolean {
  const isOpen = (folder: number, name: Uint8Array) =>
    tables.rename(folder, name)?.aliased === false;
  let last = { folder: outer, isMoved: false };
  function isBelowMoved(folder: number): boolean {
    if (folder === outer) return false;
    return isOpen(folder, NO_NAME) || isBelowMoved(tables.folderById(folder)!.parent);
  }
  return (item) => {
    const folder = item.isFolder ? item.row.id : item.row.folder;
    if (last.folder !== folder) last = { folder, isMoved: isBelowMoved(folder) };
    return last.isMoved || (!item.isFolder && isOpen(folder, item.row.name));
  };
}

function foundAt({ restores }: IndexModel, id: ObjectId): FoundPlace | undefined {
  const found = restores.foundClass(id);
  if (found === undefined) return undefined;
  const { storageClass, archive } = found;
  return { storageClass, ...(archive === null ? {} : { archive }) };
}

function isObject({ content: { etag } }: Unstored["row"]): boolean {
  return etag !== null && etag !== IN_PACKS;
}

function settledGroup(
  { way, storageClass, isAsked, found, uploads, copyParts, early }: Counted,
  versions: boolean,
): SettledGroup {
  return {
    ...{ way, storageClass, objects: uploads.objects, bytes: uploads.bytes, uploads, copyParts },
    ...(isAsked ? { isAsked: true as const } : {}),
    ...(found === undefined ? {} : { found }),
    ...(versions ? { keepsFormer: true as const } : {}),
    early: early.get(storageClass),
  };
}

function groupOf(
  groups: Map<string, Counted>,
  kind: Pick<Counted, "way" | "storageClass" | "isAsked" | "found">,
): Counted {
  const name = JSON.stringify(kind);
  const group = groups.get(name) ??
    { ...kind, uploads: emptyUpload(kind.storageClass), copyParts: 0, early: new Map() };
  groups.set(name, group);
  return group;
}

/** Milliseconds since 1970; undefined where the log has no such event. */
function eventTimes({ events }: JobLog): (position: number) => number | undefined {
  let last: { readonly position: number; readonly time: number | undefined } | undefined;
  return (position) => {
    if (last?.position !== position) {
      const [event] = events({ from: position, to: position });
      last = { position, time: event === undefined ? undefined : timeOfIso(event.at) };
    }
    return last.time;
  };
}
