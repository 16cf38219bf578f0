import type { DeletedObject } from "../core/event/event.ts";
import { jsonOfText } from "../core/path_text.ts";
import type { PruneItem } from "../core/plan/prune_plan.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type {
  Claim,
  Notes,
  ObjectLedger,
  ObjectListing,
  SpareObject,
} from "../ports/work_tables.ts";

export interface PruneTables {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly ledger: ObjectLedger;
  readonly listing: ObjectListing;
  /** Keys of sidecars of objects that nobody needs. */
  readonly spareSidecars: Notes;
  /** What locks keep: by key and version, and by key. */
  readonly held: Notes;
}

/** One object or version to be deleted, with the events' words about it. */
export interface PruneTarget extends PruneItem {
  readonly deleted: readonly DeletedObject[];
  /** Position of the observation that it belongs to. */
  readonly observed: number;
  readonly isSidecar: boolean;
}

const PAGE = 1000;

/** Objects that the ledger and the listing leave over: the same each time it is asked. */
export function* spareTargets(tables: PruneTables): Generator<PruneTarget> {
  const { ledger, store } = tables;
  let after: SpareObject | undefined;
  for (;;) {
    const page = ledger.spare(store.features.versions.works, after, PAGE);
    for (const spare of page) {
      const target = targetOf(tables, spare);
      if (target !== undefined) yield target;
    }
    if (page.length < PAGE) return;
    after = page.at(-1)!;
  }
}

/** Undefined where the key holds an object that is not the one which the log stored last. */
function targetOf({ ledger, listing }: PruneTables, spare: SpareObject): PruneTarget | undefined {
  const { key, version, stored, bytes, storageClass, at, hidesOlder, place } = spare;
  const there = version === null ? listing.find(key) : undefined;
  if (there !== undefined && there.etag !== spare.etag) return undefined;
  const claims = ledger.claims(key, stored);
  const deleted = (claims.length === 0 ? [place] : claims).map((claim): DeletedObject => ({
    ...placeIn(claim),
    ...{ key, stored },
    ...(version === null ? {} : { version }),
  }));
  return {
    ...{
      key,
      version: version ?? undefined,
      bytes,
      storageClass,
      storedAt: at,
      hidesOlder,
      deleted,
    },
    path: place.source === "" ? place.path : `${place.source}/${place.path}`,
    // What is gone already is recorded so, or its entry would count on it when it comes back.
    isThere: version !== null || there !== undefined,
    isSidecar: false,
    observed: spare.observed,
  };
}

function placeIn({ source, path, folder }: Claim) {
  return {
    ...(source === "" ? {} : { source }),
    path: jsonOfText(path),
    ...(folder ? { folder: true as const } : {}),
  };
}
