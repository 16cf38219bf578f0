import { BATCH_ENTRIES, type DeletedObject } from "../core/event/event.ts";
import { countEarly, deleteRequests, type EarlyTally } from "../core/cost/price_deletion.ts";
import { ownerOf } from "../core/index/key_claim.ts";
import { isLive } from "../core/index/rows.ts";
import { decodeMetadata, METADATA_NAME } from "../core/mirror/object_metadata.ts";
import { packOfKey } from "../core/pack/pack_layout.ts";
import type { FoundObject, ObjectListing } from "../ports/work_tables.ts";
import type { ReconcileContext } from "./reconcile_context.ts";
import { lookedAtEach } from "./reconcile_unknown.ts";
import { headOf } from "./survey_objects.ts";

/** What `--delete-unknown` would delete. */
export interface DeleteUnknownPlan {
  readonly objects: number;
  readonly bytes: number;
  readonly requests: number;
  readonly early: readonly Readonly<EarlyTally>[];
  /** The first keys. */
  readonly sample: readonly string[];
  /** Unknown objects that stay, by the reason. */
  readonly left: ReadonlyMap<string, number>;
}

export interface DeletedUnknown {
  readonly plan: DeleteUnknownPlan;
  readonly deleted: number;
  readonly failed: number;
}

const NAMED = 10;

/**
 * Deletes what no log has stored, after `accept`: never what is below `.holdfast/`, an alias target,
 * a key that an entry has as its own, a pack, or what says that Holdfast has stored it.
 */
export async function deleteUnknown(
  context: ReconcileContext,
  accept: (plan: DeleteUnknownPlan) => Promise<boolean>,
): Promise<DeletedUnknown> {
  const doomed = context.work.listing();
  try {
    const plan = await planUnknown(context, doomed);
    const accepted = plan.objects > 0 && await accept(plan);
    if (!accepted) return { plan, deleted: 0, failed: 0 };
    return { plan, ...await deleteAll(context, doomed) };
  } finally {
    doomed.close();
  }
}

async function planUnknown(
  context: ReconcileContext,
  doomed: ObjectListing,
): Promise<DeleteUnknownPlan> {
  const { environment } = context;
  const left = new Map<string, number>();
  const early = new Map<string, EarlyTally>();
  const now = Number(environment.clock.now() / 1_000_000n);
  const sample: string[] = [];
  let [objects, bytes] = [0, 0];
  for await (const looked of lookedAtEach(context, (object) => lookAtUnknown(context, object))) {
    if (looked === undefined) continue;
    if (typeof looked === "string") {
      left.set(looked, (left.get(looked) ?? 0) + 1);
      continue;
    }
    const { size, storageClass, lastModified } = looked;
    doomed.add([looked]);
    objects++;
    bytes += size;
    if (sample.length < NAMED) sample.push(looked.key);
    countEarly(early, { storageClass, bytes: size, storedAt: lastModified }, now);
  }
  const requests = deleteRequests(objects);
  return { objects, bytes, requests, early: [...early.values()], sample, left };
}

/** Why it stays, or what it is; undefined where it is gone. */
async function lookAtUnknown({ store, log }: ReconcileContext, { key }: FoundObject) {
  const why = whyProtected(log, key);
  if (why !== undefined) return why;
  const head = await headOf(store, key);
  if (head === undefined) return undefined;
  if (head === "refused") return "a key that no request of ours names";
  if (decodeMetadata(head.metadata[METADATA_NAME] ?? "") !== undefined) {
    return "carries Holdfast's metadata";
  }
  return { ...head, key };
}

function whyProtected({ index }: ReconcileContext["log"], key: string): string | undefined {
  if (key.startsWith(".holdfast/")) return "below .holdfast/";
  if (index.isAliasTarget(key)) return "an alias target";
  if (isLive(ownerOf(index, key))) return "the key of an entry";
  return packOfKey(key) === undefined ? undefined : "a pack";
}

async function deleteAll(
  context: ReconcileContext,
  doomed: ObjectListing,
): Promise<{ deleted: number; failed: number }> {
  const { log, run, store, signal, emit } = context;
  const total = { deleted: 0, failed: 0 };
  for (const batch of batches(doomed)) {
    const objects = batch.map(deletedObject);
    const data = { why: "unknown" as const, objects };
    log.append(run, [{ type: "DeletionPlanned", data }], { durable: true });
  }
  await context.shipper?.ship();
  emit({ kind: "phase", name: "prune" });
  for (const batch of batches(doomed)) {
    signal.throwIfAborted();
    const refused = await store.delete(batch.map(({ key }) => ({ key })));
    const kept = new Set(refused.map(({ object }) => object.key));
    for (const { object, reason } of refused) {
      emit({ kind: "entry-error", path: object.key, reason: `could not be deleted: ${reason}` });
    }
    const objects = batch.filter(({ key }) => !kept.has(key)).map(deletedObject);
    const data = { why: "unknown" as const, objects };
    if (objects.length > 0) log.append(run, [{ type: "ObjectDeleted", data }]);
    total.deleted += objects.length;
    total.failed += refused.length;
  }
  return total;
}

/** No event has stored it. */
function deletedObject({ key }: FoundObject): DeletedObject {
  return { key, stored: 0 };
}

function* batches(listing: ObjectListing): Generator<FoundObject[]> {
  let batch: FoundObject[] = [];
  for (const object of listing.notAskedFor()) {
    if (batch.push(object) < BATCH_ENTRIES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
