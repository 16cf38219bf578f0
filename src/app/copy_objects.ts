import { STILL_COLD } from "../core/cold/restore_refusals.ts";
import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { type EntryRow, UNSETTLED } from "../core/index/rows.ts";
import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import { METADATA_NAME } from "../core/mirror/object_metadata.ts";
import { isArchived } from "../core/plan/rename_plan.ts";
import { jsonOfText, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { ObjectStore, StoredObject } from "../ports/object_store.ts";
import { byteBudget } from "./byte_budget.ts";
import { overwritten } from "./former_content.ts";
import { type KeyCondition, putOver } from "./put_over.ts";
import { placedTask } from "./placed_task.ts";
import type { StoreContext } from "./store_context.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";
import { foundArchivedTest } from "./warm_renames.ts";

export interface CopyItem {
  readonly row: EntryRow;
  /** Where to, if not under the path's own key. */
  readonly key?: string;
}

export interface CopyResult<Item> {
  readonly copied: number;
  /** The store does not let it be copied. */
  readonly refused: readonly Item[];
  /** Neither, for it is archived, and not warm. */
  readonly archived: readonly Item[];
  /** The object was not there, or not the one that was stored: recorded as missing. */
  readonly failed: readonly Item[];
}

/** Copies under way at once: each is one small request. */
const IN_FLIGHT = 32;

/**
 * Copies content to where it belongs, each object with the metadata that its entry has now. What a
 * copy in another class than STANDARD has cost is in the log at once, and what a run that was cut off
 * had copied is found by HEAD: it is not paid for twice.
 */
export async function copyAll<Item extends CopyItem>(
  context: StoreContext,
  items: readonly Item[],
): Promise<CopyResult<Item>> {
  let copied = 0;
  const refused: Item[] = [];
  const archived: Item[] = [];
  const failed: Item[] = [];
  const slots = byteBudget(IN_FLIGHT);
  const running = new Set<Promise<void>>();
  const state = { failure: undefined as unknown, done: 0 };
  const mayBeThere = wasCutOff(context);
  for (const item of items) {
    await slots.acquire(1);
    if (state.failure !== undefined || context.signal.aborted) break;
    const run = copyOne(context, item, mayBeThere)
      .then(() => void copied++)
      .catch((error) => {
        if (isStillCold(error)) archived.push(item);
        else if (isKind(error, "denied", "refused")) refused.push(item);
        else if (isKind(error, "gone", "conflict")) failed.push(item);
        else state.failure ??= error;
      })
      .finally(() => {
        slots.release(1);
        running.delete(run);
        state.done++;
        context.emit({
          ...{ kind: "upload", done: state.done, total: items.length, bytes: 0, totalBytes: 0 },
          current: textOfBytes(item.row.name),
        });
      });
    running.add(run);
  }
  await Promise.all(running);
  context.batch.flush();
  if (state.failure !== undefined) throw state.failure;
  context.signal.throwIfAborted();
  recordMissing(context, failed);
  return { copied, refused, archived, failed };
}

/** Runs that are looked at. */
const RECENT_RUNS = 100;

function wasCutOff({ log, run }: StoreContext): boolean {
  return log.index.runs(RECENT_RUNS).some((row) => row.interrupted && row.run !== run);
}

function isStillCold(error: unknown): boolean {
  return isKind(error, "denied", "refused") && STILL_COLD.has(String(error.context.code));
}

async function copyOne(
  context: StoreContext,
  item: CopyItem,
  mayBeThere: boolean,
): Promise<void> {
  const { row } = item;
  const { store } = context.options;
  const { keys } = context.log.index;
  const task = placedTask(context.log.index, { isFolder: false, row });
  const from = keys.ofEntry(row);
  const key = item.key ?? keys.ownOfRow(row);
  const { version, etag, sha256, storageClass, stored, since, header } = row.content;
  const size = sizeAsStored(Number(unpackStat(row.stat).size), header);
  const isOwn = item.key === undefined;
  const metadata = await metadataFor(context, task, {
    ...{ position: row.position, stat: row.stat, attributes: row.attributes, own: isOwn },
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    header,
  });
  const isPaid = storageClass !== null;
  const source = {
    ...{ key: from, size },
    ...(version === null ? {} : { versionId: version }),
    ...(etag === null ? {} : { ifMatch: etag }),
  };
  const found = isPaid && mayBeThere ? await copyThere(store, key, metadata) : undefined;
  const options = { metadata, ...(isPaid ? { storageClass } : {}) };
  const copy = (condition: KeyCondition = {}) =>
    store.copy(source, key, { ...options, ...condition });
  const object = found ?? (isOwn ? await putOver(context, { key, row }, copy) : await copy());
  // What was under its own key may have been copied away since the row was read.
  const now = context.log.index.tables.findEntry(row.folder, row.name)!;
  context.batch.copied(task.source, task.folder, storageClass ?? "STANDARD", {
    ...storedEntry(task, object, { key, own: isOwn }, row.position),
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    ...(header === 0 ? {} : { header }),
    size: size.toString(),
    ...overwritten(context.log.index, now, { key, object }),
    ...((row.state & UNSETTLED) === 0 ? {} : { racy: true as const }),
    ...{ from, was: stored },
    // It may have waited for days, and snapshots were made meanwhile.
    ...(isOwn && mayHaveWaited(context, row) ? { release: true as const } : {}),
    // Under the new key it is what it was under the old one, to all snapshots that had it there.
    ...(since === 0 ? {} : { since }),
  });
  if (isPaid) context.batch.flush();
}

function mayHaveWaited({ log: { index } }: StoreContext, row: EntryRow): boolean {
  return isArchived(row.content.storageClass) || foundArchivedTest(index)(row);
}

/** Its metadata name the observation that the entry has now: no other content was ever put with these. */
async function copyThere(
  store: ObjectStore,
  key: string,
  metadata: Readonly<Record<string, string>>,
): Promise<StoredObject | undefined> {
  const seen = await store.head(key);
  if (seen === undefined || seen.metadata[METADATA_NAME] !== metadata[METADATA_NAME]) {
    return undefined;
  }
  const { etag, versionId } = seen;
  return { etag, ...(versionId === undefined ? {} : { versionId }) };
}

/** An object that is lost is stored again from the source, and said to be. */
function recordMissing(context: StoreContext, failed: readonly CopyItem[]): void {
  const { log, run } = context;
  const events = failed.map(({ row }) => {
    const { source, path } = placedTask(context.log.index, { isFolder: false, row });
    const key = log.index.keys.ofEntry(row);
    const reason = "the object to be copied is not the one that was stored";
    const data = { source, path: jsonOfText(path), key, stored: row.content.stored, reason };
    return { type: "ObjectMissing" as const, data };
  });
  if (events.length > 0) log.append(run, events);
}
