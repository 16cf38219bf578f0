import { isKind } from "../core/error.ts";
import type { ObjectStore } from "../ports/object_store.ts";

/**
 * Ids of the uploads that are open under one key. None where these credentials may not list them: the
 * bucket's rule for incomplete uploads ends them then.
 */
export async function openUploads(store: ObjectStore, key: string): Promise<string[]> {
  try {
    const open = await store.listUploads(key);
    return open.filter((upload) => upload.key === key).map(({ uploadId }) => uploadId);
  } catch (error) {
    if (!isKind(error, "denied")) throw error;
    return [];
  }
}
