import { earlyByClass, type EarlyTally } from "../core/cost/price_deletion.ts";
import type { DeletedObject } from "../core/event/event.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { planFees } from "./plan_fees.ts";
import { unreadRows } from "./unread_rows.ts";
import type { SettledGroup } from "./renamed_groups.ts";

export interface EarlyWork {
  readonly deletions: Iterable<DeletedObject>;
  readonly renamed: readonly SettledGroup[];
  /** Position before the run. */
  readonly before: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * What a run will overwrite and delete before the minimum duration of its class, as far as the index
 * tells before it begins. Nothing where the store keeps versions: there a fee is due when the version
 * goes, which is for prune to say.
 */
export function earlyFees(
  log: JobLog,
  store: Pick<ObjectStore, "features">,
  { deletions, renamed, before, now }: EarlyWork,
): EarlyTally[] {
  if (store.features.versions.works) return [];
  const fees = planFees(log, now);
  for (const object of deletions) fees.deleted(object);
  if (hasStored(log, before)) {
    for (const { isFolder, row } of unreadRows(log.index, before)) {
      if (!isFolder) fees.overwritten(row);
    }
  }
  const settled = renamed.flatMap(({ way, early }) =>
    way === "alias" || early === undefined ? [] : [early]
  );
  return earlyByClass([...fees.early(), ...settled]);
}

/** A first backup has nothing to overwrite, and many rows. */
function hasStored(log: JobLog, to: number): boolean {
  if (log.base !== undefined) return true;
  const [first] = log.events({ type: "ObjectsStored", to });
  return first !== undefined;
}
