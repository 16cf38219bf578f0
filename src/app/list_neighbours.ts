import { keyBefore } from "../core/mirror/key_before.ts";
import { bytesOfText, compareBytes } from "../core/path_text.ts";
import type { ListedObject, ObjectStore } from "../ports/object_store.ts";

/** Up to so many a HEAD each is cheaper than a page of LIST (AWS: 12 to 13 HEADs a LIST). */
const FEW = 12;
/** Objects that are left out after a page that told of few: doubled with each such page, up to this. */
const MOST_LEFT_OUT = 6144;

/**
 * What pages of LIST tell of objects that come in byte order of their keys, as long as a page tells of
 * many: of a few among millions it would cost more than a HEAD each. Without a page, and where nothing
 * is listed under the key, undefined. Statuses of restores are asked for.
 */
export async function* listNeighbours<Item extends { readonly key: string }>(
  store: ObjectStore,
  items: Iterable<Item>,
  isToBeListed: (item: Item) => boolean,
): AsyncGenerator<readonly [Item, ListedObject | undefined]> {
  const queue: Item[] = [];
  let page: Page | undefined;
  let told = 0;
  let isDense = false;
  let leaveOut = 0;
  let leftOut = 0;

  async function* drain(isLast: boolean) {
    while (queue.length > 0) {
      const [{ key }] = queue;
      if (page?.covers(key)) {
        told++;
        yield [queue.shift()!, page.listed.get(key)] as const;
        continue;
      }
      if (page !== undefined) {
        isDense = told > FEW;
        leftOut = isDense ? 0 : Math.min(MOST_LEFT_OUT, Math.max(FEW, leftOut * 2));
        leaveOut = leftOut;
        page = undefined;
      }
      if (leaveOut > 0) {
        leaveOut--;
        yield [queue.shift()!, undefined] as const;
      } else if (queue.length > FEW || (isLast && isDense)) {
        page = await pageAt(store, key);
        told = 0;
      } else if (isLast) yield [queue.shift()!, undefined] as const;
      else return;
    }
  }

  for (const item of items) {
    if (!isToBeListed(item)) {
      yield [item, undefined];
      continue;
    }
    queue.push(item);
    yield* drain(false);
  }
  yield* drain(true);
}

interface Page {
  readonly listed: ReadonlyMap<string, ListedObject>;
  /** Whether it says of a key, which comes behind the first one, what is there. */
  covers(key: string): boolean;
}

/** The page that a key is on, or would be. */
async function pageAt(store: ObjectStore, key: string): Promise<Page> {
  const startAfter = keyBefore(key, store.limits.maxKeyBytes);
  for await (const page of store.list("", { startAfter, restoreStatus: true })) {
    const last = bytesOfText(page[page.length - 1].key);
    const covers = (other: string) => compareBytes(bytesOfText(other), last) <= 0;
    // Keys between the place to start after and the key: a full page of them is next to impossible.
    if (!covers(key)) continue;
    return { listed: new Map(page.map((object) => [object.key, object])), covers };
  }
  // Nothing comes behind the key.
  return { listed: new Map(), covers: () => true };
}
