import { isKind } from "../core/error.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { decodeMetadata, METADATA_NAME } from "../core/mirror/object_metadata.ts";
import type { PutOptions, StoredObject } from "../ports/object_store.ts";
import type { StoreContext } from "./store_context.ts";

/** What a write asks of its key. */
export type KeyCondition = Pick<PutOptions, "ifNoneMatch" | "ifMatch">;

/**
 * Writes under a path's own key where the store keeps no versions: over what this log's machines have
 * stored, and over nothing else. A machine that was stopped, or whose request was on its way for long,
 * may have been taken over meanwhile, and what is there be another's. Throws kind "locked" then.
 * Costs nothing where the key is new, else mostly one HEAD.
 */
export async function putOver(
  context: StoreContext,
  { key, row }: { readonly key: string; readonly row: EntryRow },
  write: (condition: KeyCondition) => Promise<StoredObject>,
): Promise<StoredObject> {
  const { features } = context.options.store;
  if (features.versions.works || !features.conditionalPut.works) return await write({});
  let condition = expected(context, key, row) ?? await conditionNow(context, key);
  for (;;) {
    try {
      return await write(condition);
    } catch (error) {
      if (isRefused(error, condition)) {
        await context.options.stillOurs();
        return await write({});
      }
      if (!isConflict(error)) throw error;
      const now = await conditionNow(context, key);
      // It is as it was asked for, and we may write it: what is refused is something else.
      if (isSame(now, condition)) return await write({});
      condition = now;
    }
  }
}

/** By the index alone; undefined where it does not say. */
function expected(
  { log: { index }, others }: StoreContext,
  key: string,
  row: EntryRow,
): KeyCondition | undefined {
  const { stored, etag } = row.content;
  const isThere = stored !== 0 && index.keys.ofEntry(row) === key;
  if (isThere) return etag === null ? undefined : { ifMatch: etag };
  return row.occupant === 0 && !others.found ? { ifNoneMatch: true } : undefined;
}

/** By what lies there. What no machine of this log has stored is written over while the log is ours. */
async function conditionNow(context: StoreContext, key: string): Promise<KeyCondition> {
  const { log, options: { store, stillOurs } } = context;
  try {
    const head = await store.head(key);
    if (head === undefined) return { ifNoneMatch: true };
    const by = decodeMetadata(head.metadata[METADATA_NAME] ?? "")?.log;
    // So that no more bodies are sent in vain.
    if (by === undefined) context.others.found = true;
    if (!log.logs().some(({ genesis }) => genesis.log === by)) await stillOurs();
    return { ifMatch: head.etag };
  } catch (error) {
    // Who may only store can neither look nor ask for If-Match.
    if (!isKind(error, "denied")) throw error;
    await stillOurs();
    return {};
  }
}

function isConflict(error: unknown): boolean {
  return isKind(error, "conflict") || isKind(error, "gone") && error.context.code === "NoSuchKey";
}

/** AWS: If-Match takes s3:GetObject; other stores need not have it. */
function isRefused(error: unknown, { ifMatch }: KeyCondition): boolean {
  if (ifMatch === undefined) return false;
  return isKind(error, "denied") ||
    isKind(error, "refused") && error.context.code === "NotImplemented";
}

function isSame(one: KeyCondition, other: KeyCondition): boolean {
  return one.ifMatch === other.ifMatch && one.ifNoneMatch === other.ifNoneMatch;
}
