import type { RestoreState } from "../../src/core/cold/restore_state.ts";
import type { ListedObject, ObjectStore } from "../../src/ports/object_store.ts";

/** A store that can be listed and looked at only, of many objects in GLACIER; requests are counted. */
export interface ListedStore {
  readonly store: ObjectStore;
  readonly requests: { list: number; head: number };
  /** LIST says what is being restored where it is asked for that. */
  listTells: boolean;
  /** What HEAD and LIST say of a key. */
  restoreOf: (key: string) => RestoreState | undefined;
  storageClassOf: (key: string) => string;
}

const PAGE = 1000;

/** `keys` are in byte order, and of ASCII. */
export function listedStore(keys: readonly string[]): ListedStore {
  const made: ListedStore = {
    requests: { list: 0, head: 0 },
    listTells: true,
    restoreOf: () => undefined,
    storageClassOf: () => "GLACIER",
    store: {
      limits: { maxKeyBytes: 1024 },
      head(key: string) {
        made.requests.head++;
        const restore = made.restoreOf(key);
        return Promise.resolve({ ...headOf(key), ...(restore === undefined ? {} : { restore }) });
      },
      async *list(_: string, { startAfter = "", restoreStatus = false } = {}) {
        for (let at = firstAfter(keys, startAfter); at < keys.length; at += PAGE) {
          made.requests.list++;
          yield await Promise.resolve(
            keys.slice(at, at + PAGE).map((key): ListedObject => {
              if (!restoreStatus || !made.listTells) return { key, ...headOf(key) };
              return { key, ...headOf(key), restore: made.restoreOf(key) ?? null };
            }),
          );
        }
      },
    } as unknown as ObjectStore,
  };
  const headOf = (key: string) => ({
    ...{ size: 1, etag: `of ${key}`, storageClass: made.storageClassOf(key), lastModified: 0 },
  });
  return made;
}

function firstAfter(keys: readonly string[], text: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle] > text) high = middle;
    else low = middle + 1;
  }
  return low;
}
