import { decodeMetadata, METADATA_NAME } from "../core/mirror/object_metadata.ts";
import { withoutHeld } from "./held_by_locks.ts";
import { eachInParallel } from "./in_parallel.ts";
import { type PruneTables, type PruneTarget, spareTargets } from "./prune_items.ts";

const SIDECARS = ".holdfast/sidecars/";
const HEADS = 16;
const PAGE = 1000;

/** All that nothing needs, sidecars before the objects that name them. */
export function* spareObjects(tables: PruneTables): Generator<PruneTarget> {
  yield* sidecars(tables);
  yield* spareTargets(tables);
}

/** All that will be deleted, in this order. */
export function pruneTargets(tables: PruneTables): Generator<PruneTarget> {
  return withoutHeld(tables, spareObjects(tables));
}

/**
 * Those of our logs whose observation no needed object and no open upload belongs to, or that an
 * object names which is not needed. None while entries wait to be stored: theirs may be there
 * already.
 */
function* sidecars(tables: PruneTables): Generator<PruneTarget> {
  const { log, ledger, listing, spareSidecars } = tables;
  if (log.index.unstoredTotals().entries > 0) return;
  const logs = new Set(logIds(tables));
  const uploading = new Set(log.index.uploads().map(({ observed }) => observed));
  for (const { key, size, storageClass } of listing.below(SIDECARS)) {
    const [id, name] = key.slice(SIDECARS.length).split("/");
    const position = Number(/^(\d+)-[0-9a-f]+\.json\.zst(?:\.age)?$/.exec(name ?? "")?.[1] ?? NaN);
    if (!logs.has(id) || !Number.isSafeInteger(position) || uploading.has(position)) continue;
    const isSpare = spareSidecars.get(key) !== undefined || !ledger.isObservationNeeded(position);
    if (!isSpare) continue;
    yield {
      ...{ key, version: undefined, path: "", bytes: size, storageClass, storedAt: 0 },
      ...{ hidesOlder: false, isThere: true, isSidecar: true, observed: position },
      deleted: [{ key, stored: position }],
    };
  }
}

function logIds({ log }: PruneTables): string[] {
  return log.logs().map(({ genesis }) => genesis.log);
}

/** Asks each object that will go, where it may have a sidecar, for its name. */
export async function noteSpareSidecars(tables: PruneTables): Promise<void> {
  const { listing } = tables;
  if (listing.below(SIDECARS)[Symbol.iterator]().next().done) return;
  let page: PruneTarget[] = [];
  for (const target of spareTargets(tables)) {
    if (!target.isThere || !mayHaveSidecar(tables, target)) continue;
    if (page.push(target) < PAGE) continue;
    await askAll(tables, page);
    page = [];
  }
  await askAll(tables, page);
}

function mayHaveSidecar(tables: PruneTables, { observed }: PruneTarget): boolean {
  return logIds(tables).some((id) => {
    const found = tables.listing.below(`${SIDECARS}${id}/${observed}-`)[Symbol.iterator]().next();
    return !found.done;
  });
}

async function askAll(
  { store, spareSidecars }: PruneTables,
  targets: readonly PruneTarget[],
): Promise<void> {
  await eachInParallel(targets, HEADS, async ({ key, version }) => {
    const head = await store.head(key, version === undefined ? {} : { versionId: version });
    const sidecar = decodeMetadata(head?.metadata[METADATA_NAME] ?? "")?.sidecar;
    if (sidecar !== undefined) spareSidecars.set(sidecar, "");
  });
}
