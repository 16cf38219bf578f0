import type { WorkTables } from "../ports/work_tables.ts";
import { fillPackLedger } from "./needed_contents.ts";
import { packHomes } from "./pack_homes.ts";
import { type Markers, noteMarker } from "./plan_packs.ts";
import type { SnapshotReplay } from "./replay_snapshots.ts";

export interface PackUseDeps extends SnapshotReplay {
  readonly work: WorkTables;
}

/**
 * Packs (positions of their PackStarted) that no entry and no kept snapshot needs: one replay, and one
 * look at every entry.
 */
export async function deadPacks(deps: PackUseDeps): Promise<ReadonlySet<number>> {
  const { log, work } = deps;
  const ledger = work.packLedger();
  const homes = packHomes(log);
  const markers: Markers = new Map();
  try {
    await fillPackLedger(deps, ledger, {
      see: (event) => homes.note(event),
      live: (item) => noteMarker({ homes }, markers, item),
    });
    const needed = new Set([
      ...ledger.uses().flatMap(({ pack, needed }) => needed > 0 ? [pack] : []),
      ...markers.keys(),
    ]);
    return new Set([...log.index.packs.all()].map(({ id }) => id).filter((id) => !needed.has(id)));
  } finally {
    ledger.close();
  }
}
