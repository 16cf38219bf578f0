import {
  BATCH_ENTRIES,
  type DeletedObject,
  type DeletionReason,
  type NewEvent,
} from "../core/event/event.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import { packIndexKey } from "../core/pack/pack_layout.ts";
import type { DeletePlan } from "../core/plan/delete_plan.ts";
import { eachInParallel } from "./in_parallel.ts";
import { finishDeletions, type PackUpkeep } from "./pack_upkeep.ts";
import type { PackHeads } from "./plan_packs.ts";

export interface DropOptions {
  readonly why: DeletionReason;
  readonly heads: PackHeads;
  /** Hashes of contents that are given up with the packs, and kept snapshots that have them. */
  readonly lost?: readonly string[];
  readonly snapshots?: DeletePlan["snapshots"];
}

export interface Dropped {
  readonly packs: number;
  readonly bytes: number;
  readonly failed: number;
}

const HEADS = 16;

/**
 * Deletes packs and their indexes: what their entries are recorded by is shipped first, then the
 * intent, from which on nothing counts on what they have; then they go. What is not done then, every
 * later run tries again.
 */
export async function dropPacks(
  upkeep: PackUpkeep,
  rows: readonly PackRow[],
  { why, heads, lost = [], snapshots = [] }: DropOptions,
): Promise<Dropped> {
  const { deps, run, context } = upkeep;
  const { log } = deps;
  if (rows.length === 0) return { packs: 0, bytes: 0, failed: 0 };
  await deps.shipRenames(run);
  const indexes = await indexVersions(upkeep, rows);
  const objects = rows.flatMap((row): DeletedObject[] => [
    { key: row.key, ...versionOf(upkeep, row, heads), stored: row.stored },
    { key: indexKeyOf(row), ...indexes.get(row.id), stored: row.stored },
  ]);
  // In one piece: a run that is cut off has decided all of it, or nothing.
  const events = [...intents(why, objects, lost)];
  if (snapshots.length > 0) {
    events[0].data.snapshots = snapshots.map(({ position, entries }) => [position, entries]);
  }
  log.append(run, events, { durable: true });
  deps.emit({ kind: "phase", name: "prune" });
  await finishDeletions(deps, context);
  const gone = rows.filter(({ id }) => log.index.packs.pack(id) === undefined);
  return {
    packs: gone.length,
    bytes: gone.reduce((sum, { size }) => sum + size, 0),
    failed: rows.length - gone.length,
  };
}

function* intents(
  why: DeletionReason,
  objects: readonly DeletedObject[],
  lost: readonly string[],
): Generator<NewEvent<"DeletionPlanned">> {
  const pieces = Math.max(objects.length, lost.length);
  for (let at = 0; at < pieces; at += BATCH_ENTRIES) {
    const hashes = lost.slice(at, at + BATCH_ENTRIES);
    const data = { why, objects: objects.slice(at, at + BATCH_ENTRIES) };
    yield {
      type: "DeletionPlanned",
      data: hashes.length === 0 ? data : { ...data, lost: hashes },
    };
  }
}

export function indexKeyOf({ pack, encryption }: PackRow): string {
  return packIndexKey(pack, encryption === "age");
}

/** Without one the current object is meant, which in a bucket with versions would only be hidden. */
function versionOf(
  { deps: { store } }: PackUpkeep,
  { id, version }: PackRow,
  heads: PackHeads,
): { version?: string } {
  const found = version ?? (store.features.versions.works ? heads.get(id)?.versionId : undefined);
  return found === undefined ? {} : { version: found };
}

/** The log does not know the versions of pack indexes. */
async function indexVersions(
  { deps: { store } }: PackUpkeep,
  rows: readonly PackRow[],
): Promise<Map<number, { version: string }>> {
  const versions = new Map<number, { version: string }>();
  if (!store.features.versions.works) return versions;
  await eachInParallel(rows, HEADS, async (row) => {
    const version = (await store.head(indexKeyOf(row)))?.versionId;
    if (version !== undefined) versions.set(row.id, { version });
  });
  return versions;
}
