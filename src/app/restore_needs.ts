import type { RestoreGroup } from "../core/cost/quote_restore.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import { type PlanDeps, planRestore } from "./plan_restore.ts";
import type { ReadState } from "./read_state.ts";
import type { Selection } from "./restore_items.ts";

export interface RestoreNeeds {
  readonly entries: number;
  /** To be written. */
  readonly bytes: number;
  readonly groups: readonly RestoreGroup[];
}

/** What a restore of a part would need of the store, by class, as if nothing were warm. */
export async function restoreNeeds(
  { log, work, ...deps }: Pick<PlanDeps, "hashing" | "breathe"> & {
    readonly log: JobLog;
    readonly work: WorkTables;
  },
  { state, selection }: { readonly state: ReadState; readonly selection: Selection },
): Promise<RestoreNeeds> {
  const waiting = work.waiting();
  try {
    const { entries, bytes, reads } = await planRestore(
      { ...deps, contents: log.index, target: undefined },
      { state, selection, overwrite: "never", isResumed: false, isAwaited: () => false },
      ({ row: { folder, name } }, objects) => waiting.add({ folder, name, bytes: 0 }, objects),
    );
    const cold = new Map<string, RestoreGroup>();
    for (const { storageClass, archive, size } of waiting.objects()) {
      const name = `${storageClass} ${archive}`;
      const { objects, bytes } = cold.get(name) ?? { objects: 0, bytes: 0 };
      cold.set(name, {
        ...{ storageClass, objects: objects + 1, bytes: bytes + size, fetched: 0, gets: 0 },
        ...(archive === null ? {} : { archive }),
      });
    }
    const fetched = [...reads].map(([storageClass, read]) => ({
      ...{ storageClass, objects: 0, bytes: 0, ...read },
    }));
    return { entries, bytes, groups: [...cold.values(), ...fetched] };
  } finally {
    waiting.close();
  }
}
