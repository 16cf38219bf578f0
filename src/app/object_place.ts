import { HoldfastError } from "../core/error.ts";
import { contentKey, keyOfPath, MAX_KEY_BYTES } from "../core/mirror/object_key.ts";
import { hex } from "../core/hash.ts";
import { bytesOfText } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { classOfFile } from "../core/mirror/class_rules.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { listedObject } from "./listed_object.ts";
import type { StoreContext, Task } from "./store_context.ts";

/** Where an entry's object goes. `own` is false where its key is not the path's. */
export function placeOf(
  context: StoreContext,
  task: Task,
  position: number,
): { key: string; own: boolean } {
  const { store } = context.options;
  const key = keyOfPath(task.source, task.path, task.item.isFolder);
  const place = isTooLong(store, key) || context.log.index.isAliasTarget(key)
    ? { key: contentKey(context.log.genesis.log, position, tagOf(context, task)), own: false }
    : { key, own: true };
  const refusal = store.refusesKey(place.key);
  if (refusal !== undefined) {
    throw new HoldfastError(
      "refused",
      `the store cannot hold the key of ${task.path}: ${refusal}`,
      {
        context: { key: place.key },
      },
    );
  }
  return place;
}

function isTooLong({ limits }: ObjectStore, key: string): boolean {
  const limit = Math.min(MAX_KEY_BYTES, limits.maxKeyBytes);
  return key.length * 3 > limit && new TextEncoder().encode(key).length > limit;
}

/** Whether a path's object can have the path's own key; the root of a job has no object. */
export function takesKey(store: ObjectStore, key: string): boolean {
  return key === "" || !isTooLong(store, key) && store.refusesKey(key) === undefined;
}

/** 64 bits of the path's SHA-256. */
export function tagOf({ sha256 }: StoreContext, { source, path }: Task): string {
  return hex(sha256(`${source}\0`, bytesOfText(path))).slice(0, 16);
}

/** Of a file with this stat record, or with so many bytes where it has changed since. */
export function storageClassOf(
  { options, clock }: StoreContext,
  { path }: Pick<Task, "path">,
  stat: Uint8Array,
  bytes?: number,
): string {
  const { size, mtime } = unpackStat(stat);
  const file = { path, size: bytes === undefined ? size : BigInt(bytes), mtime };
  return classOfFile(options, file, clock.now());
}

/**
 * Looks at the first object of each class: a store that changes the class silently stops the run. By
 * LIST, for credentials that may only store cannot HEAD.
 */
export async function checkClass(context: StoreContext, key: string, asked: string): Promise<void> {
  if (context.checkedClasses.has(asked)) return;
  context.checkedClasses.add(asked);
  const { store } = context.options;
  const found = await listedObject(store, key);
  if (found === undefined || found.storageClass === asked) return;
  throw new HoldfastError(
    "refused",
    `${store.url} stored ${key} as ${found.storageClass}, not as ${asked}`,
    {
      context: { key, code: "InvalidStorageClass" },
      hint: "set storage_class to a class that this store has, and that of every rule in " +
        `\`classes\` (here it is "${asked}")`,
    },
  );
}
