import { isKind } from "../core/error.ts";
import type { ListedObject, ObjectHead, ObjectStore } from "../ports/object_store.ts";

/** The current object of one key, by a LIST: it is the first of those that begin with the key. */
export async function listedObject(
  store: ObjectStore,
  key: string,
): Promise<ListedObject | undefined> {
  for await (const [first] of store.list(key)) return first?.key === key ? first : undefined;
  return undefined;
}

/** What HEAD says, or only what LIST does where these credentials may not read the object. */
export async function headOrListed(
  store: ObjectStore,
  key: string,
): Promise<Pick<ObjectHead, "size" | "etag" | "versionId"> | undefined> {
  try {
    return await store.head(key);
  } catch (error) {
    if (!isKind(error, "denied")) throw error;
    return await listedObject(store, key);
  }
}
