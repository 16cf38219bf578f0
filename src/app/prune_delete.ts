import { BATCH_ENTRIES } from "../core/event/event.ts";
import type { PrunePlan } from "../core/plan/prune_plan.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectName, ObjectStore } from "../ports/object_store.ts";
import { eachInParallel } from "./in_parallel.ts";
import type { PruneTables, PruneTarget } from "./prune_items.ts";
import type { LogShipper } from "./ship_log.ts";
import { pruneTargets } from "./prune_sidecars.ts";

export interface PruneContext {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly run: string;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  /** Sends the log: what was decided outlasts what is deleted. */
  readonly shipper: LogShipper;
}

const HEADS = 16;

/**
 * Intents first, durable and shipped; then the deletions, batch by batch, each with its outcome.
 * Repeated after a crash it deletes what is left: what is not there any more is no error.
 */
export async function deleteTargets(
  context: PruneContext,
  tables: PruneTables,
  plan: PrunePlan,
): Promise<{ deleted: number; bytes: number; failed: number }> {
  const { log, run, emit, signal } = context;
  const total = { deleted: 0, bytes: 0, failed: 0 };
  if (plan.objects === 0) return total;
  for (const batch of batches(pruneTargets(tables))) {
    const objects = batch.flatMap(({ deleted }) => deleted);
    log.append(run, [{ type: "DeletionPlanned", data: { why: "pruned", objects } }], {
      durable: true,
    });
  }
  await context.shipper.ship();
  emit({ kind: "phase", name: "prune" });
  for (const batch of batches(pruneTargets(tables))) {
    signal.throwIfAborted();
    // What this machine has decided may be needed by one that has taken over since.
    await context.shipper.stillOurs();
    const gone = await deleteBatch(context, batch);
    const objects = gone.flatMap(({ deleted }) => deleted);
    if (objects.length > 0) {
      log.append(run, [{ type: "ObjectDeleted", data: { why: "pruned", objects } }]);
    }
    total.deleted += gone.length;
    total.failed += batch.length - gone.length;
    total.bytes += gone.reduce((sum, { bytes }) => sum + bytes, 0);
    emit({
      ...{ kind: "prune", done: total.deleted, total: plan.objects, bytes: total.bytes },
      ...{ totalBytes: plan.bytes, current: batch.at(-1)!.key },
    });
  }
  return total;
}

function* batches(targets: Iterable<PruneTarget>): Generator<PruneTarget[]> {
  let batch: PruneTarget[] = [];
  for (const target of targets) {
    if (batch.push(target) < BATCH_ENTRIES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Returns what is gone. */
async function deleteBatch(
  { store, emit }: PruneContext,
  batch: readonly PruneTarget[],
): Promise<PruneTarget[]> {
  const there = batch.filter(({ isThere }) => isThere);
  const versions = await sidecarVersions(store, there);
  const hiding = await hidingKeys(store, there);
  const left = new Set<string>();
  const shown = hiding.length === 0 ? [] : await store.delete(hiding);
  const names = there
    .filter(({ key }) => !shown.some(({ object }) => object.key === key))
    .map((target) => nameOf(target, versions.get(target.key)));
  const refused = [...shown, ...names.length === 0 ? [] : await store.delete(names)];
  for (const { object, reason } of refused) {
    left.add(object.key);
    emit({ kind: "entry-error", path: object.key, reason: `not deleted: ${reason}` });
  }
  return batch.filter(({ key }) => !left.has(key));
}

function nameOf({ key, version }: PruneTarget, current: string | undefined): ObjectName {
  const versionId = version ?? current;
  return versionId === undefined ? { key } : { key, versionId };
}

/** Keys whose current object is about to be deleted while an older version has to stay hidden. */
async function hidingKeys(
  store: ObjectStore,
  batch: readonly PruneTarget[],
): Promise<ObjectName[]> {
  const keys: ObjectName[] = [];
  await eachInParallel(batch.filter(({ hidesOlder }) => hidesOlder), HEADS, async (target) => {
    const head = await store.head(target.key);
    if (head?.versionId === target.version) keys.push({ key: target.key });
  });
  return keys;
}

/** The log does not know the versions of sidecars: without one a delete would only hide them. */
async function sidecarVersions(
  store: ObjectStore,
  batch: readonly PruneTarget[],
): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  if (!store.features.versions.works) return versions;
  await eachInParallel(batch.filter(({ isSidecar }) => isSidecar), HEADS, async ({ key }) => {
    const head = await store.head(key);
    if (head?.versionId !== undefined) versions.set(key, head.versionId);
  });
  return versions;
}
