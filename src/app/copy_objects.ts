import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { type EntryRow, UNSETTLED } from "../core/index/rows.ts";
import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import { jsonOfText, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { byteBudget } from "./byte_budget.ts";
import { overwritten } from "./former_content.ts";
import { placedTask } from "./placed_task.ts";
import type { StoreContext } from "./store_context.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";

export interface CopyItem {
  readonly row: EntryRow;
  /** Where to, if not under the path's own key. */
  readonly key?: string;
}

export interface CopyResult {
  readonly copied: number;
  /** The store does not let it be copied. */
  readonly refused: readonly CopyItem[];
  /** The object was not there, or not the one that was stored: recorded as missing. */
  readonly failed: readonly CopyItem[];
}

/** Copies under way at once: each is one small request. */
const IN_FLIGHT = 32;

/** Copies content to where it belongs, each object with the metadata that its entry has now. */
export async function copyAll(
  context: StoreContext,
  items: readonly CopyItem[],
): Promise<CopyResult> {
  let copied = 0;
  const refused: CopyItem[] = [];
  const failed: CopyItem[] = [];
  const slots = byteBudget(IN_FLIGHT);
  const running = new Set<Promise<void>>();
  const state = { failure: undefined as unknown, done: 0 };
  for (const item of items) {
    await slots.acquire(1);
    if (state.failure !== undefined || context.signal.aborted) break;
    const run = copyOne(context, item)
      .then(() => void copied++)
      .catch((error) => {
        if (isKind(error, "denied", "refused")) refused.push(item);
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
  return { copied, refused, failed };
}

async function copyOne(context: StoreContext, item: CopyItem): Promise<void> {
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
  const object = await store.copy(
    {
      ...{ key: from, size },
      ...(version === null ? {} : { versionId: version }),
      ...(etag === null ? {} : { ifMatch: etag }),
    },
    key,
    { metadata, ...(storageClass === null ? {} : { storageClass }) },
  );
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
    // Under the new key it is what it was under the old one, to all snapshots that had it there.
    ...(since === 0 ? {} : { since }),
  });
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
