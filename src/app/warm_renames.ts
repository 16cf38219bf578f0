import { warmthKnown } from "../core/cold/warmth.ts";
import { isCold } from "../core/cost/restore_wait.ts";
import { type FoundClassRow, type ObjectId, RENAMES_JOB } from "../core/index/restore_rows.ts";
import type { EntryRow } from "../core/index/rows.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** Whether the warm-up of renames is under way, and knows what it waits for. */
export function isSettling({ restores }: Pick<IndexModel, "restores">): boolean {
  return restores.job(RENAMES_JOB)?.state === "settling";
}

/**
 * Whether a row's archived object may and can be copied: somebody has approved that, and by the log it
 * is warm `now` (ms since 1970); or the store has it where nothing must be warmed up.
 */
export function warmTest(index: IndexModel, now: number): (row: EntryRow) => boolean {
  const { restores } = index;
  return (row) => {
    const id = objectOf(index, row);
    const found = restores.foundClass(id);
    if (found !== undefined && !isFoundCold(found)) return true;
    return restores.object(RENAMES_JOB, id) !== undefined &&
      warmthKnown(restores.warmUp(id), now) === "warm";
  };
}

/**
 * Whether a row's object is archived whatever its class says: a copy was refused that showed it, or
 * the warm-up waits for it. To be made anew for each look at the index.
 */
export function foundArchivedTest(index: IndexModel): (row: EntryRow) => boolean {
  const { restores } = index;
  const [isUnderWay, hasFound] = [isSettling(index), restores.hasFoundClasses()];
  if (!isUnderWay && !hasFound) return () => false;
  return (row) => {
    const id = objectOf(index, row);
    if (isUnderWay && restores.object(RENAMES_JOB, id) !== undefined) return true;
    return hasFound && isFoundCold(restores.foundClass(id));
  };
}

function isFoundCold(found: FoundClassRow | undefined): boolean {
  return found !== undefined && isCold(found.storageClass, found.archive ?? undefined);
}

/** Whether a restored copy of it is there, or was asked for, by the log. */
export function isAskedFor(index: IndexModel, id: ObjectId, now: number): boolean {
  return warmthKnown(index.restores.warmUp(id), now) !== "cold";
}

export function objectOf({ keys }: IndexModel, row: EntryRow): ObjectId {
  return { key: keys.ofEntry(row), version: row.content.version ?? "" };
}
