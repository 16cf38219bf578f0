import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { ColdObject } from "../ports/waiting_files.ts";
import { type Contents, isArchived, objectsOf } from "./cold_objects.ts";
import type { ReadState } from "./read_state.ts";
import { clearTheWay, type Overwrite } from "./restore_conflict.ts";
import type { FileItem } from "./restore_file.ts";
import { restoreItems, type Selection } from "./restore_items.ts";
import { linkGroups } from "./restore_links.ts";
import { isFinished } from "./restore_present.ts";
import { isSealed } from "./sealed_objects.ts";

export interface PlanDeps {
  readonly contents: Contents;
  readonly hashing: Hashing;
  /** undefined where nothing is looked at: what is in its place already is not known then. */
  readonly target: RestoreTarget | undefined;
  readonly breathe: () => Promise<void> | undefined;
}

export interface PlanOptions {
  readonly state: ReadState;
  readonly selection: Selection;
  readonly overwrite: Overwrite;
  readonly isResumed: boolean;
  /** Objects that it was found to wait for, whatever their class was when they were stored. */
  readonly isAwaited: (object: ColdObject) => boolean;
}

/** What a restore has to do. */
export interface RestoreMeasure {
  entries: number;
  bytes: number;
  /** Files whose content is in encrypted objects of the mirror. */
  sealed: number;
  /** Downloads, by the class of the objects. */
  readonly reads: Map<string, { fetched: number; gets: number }>;
}

/** Called for each file that needs archived objects, and is not there yet. */
export type OnCold = (item: FileItem, objects: ColdObject[]) => void;

/** Counts what a restore would write, and finds what it has to wait for. */
export async function planRestore(
  deps: PlanDeps,
  { state, selection, overwrite, isResumed, isAwaited }: PlanOptions,
  onCold: OnCold,
): Promise<RestoreMeasure> {
  const measure: RestoreMeasure = { entries: 0, bytes: 0, sealed: 0, reads: new Map() };
  const links = linkGroups();
  for (const item of restoreItems(state.index, selection)) {
    const pause = deps.breathe();
    if (pause !== undefined) await pause;
    measure.entries++;
    if (item.kind === "folder") continue;
    const bytes = Number(unpackStat(item.row.stat).size);
    measure.bytes += bytes;
    if (isSealed(item.row)) measure.sealed++;
    // Of hard links the first one is fetched.
    if (item.row.stat[0] !== FILE_CODE || bytes === 0 || links.defer(item)) continue;
    const objects = objectsOf(deps.contents, item);
    const cold = objects.filter((object) => isArchived(object) || isAwaited(object));
    const isCold = cold.length > 0;
    const mayBeThere = isCold || isResumed;
    const how = { overwrite, isRead: isCold && isResumed };
    if (mayBeThere && await isThere(deps, item, how)) continue;
    countReads(measure, objects, bytes);
    if (isCold) onCold(item, cold);
  }
  return measure;
}

async function isThere(
  { target, hashing }: PlanDeps,
  item: FileItem,
  { overwrite, isRead }: { readonly overwrite: Overwrite; readonly isRead: boolean },
): Promise<boolean> {
  if (target === undefined) return false;
  try {
    if (clearTheWay(target, item, overwrite) === "present") return true;
  } catch {
    // Something is in its way and stays there: nothing is fetched for it, as its turn will tell.
    return true;
  }
  return isRead && await isFinished({ target, hashing }, item, overwrite);
}

/** A file in several packs counts as read from the first one's class. */
function countReads(
  { reads }: RestoreMeasure,
  objects: readonly ColdObject[],
  bytes: number,
): void {
  if (objects.length === 0) return;
  const [{ storageClass }] = objects;
  const read = reads.get(storageClass) ?? { fetched: 0, gets: 0 };
  reads.set(storageClass, { fetched: read.fetched + bytes, gets: read.gets + objects.length });
}
