import { isKind } from "../core/error.ts";
import { decodeMetadata, METADATA_NAME } from "../core/mirror/object_metadata.ts";
import type { ObjectHead, ObjectStore } from "../ports/object_store.ts";
import { hashWhole } from "./hash_whole.ts";
import { abortUpload } from "./left_uploads.ts";
import type { LeftUpload, StoreContext } from "./store_context.ts";
import { finishUpload, type ReadContent, type UploadedContent } from "./upload_parts.ts";

/**
 * Goes on with an upload of an earlier process: the file is read from its start, and what ListParts
 * shows with the same bytes is not sent again. Undefined where it has to begin anew; the old upload
 * is then aborted. `settled` says that the file was at rest when the upload began.
 */
export async function resumeUpload(
  context: StoreContext,
  left: LeftUpload,
  content: ReadContent & { readonly settled: boolean },
): Promise<UploadedContent | undefined> {
  const { log, run } = context;
  const { key, upload, partSize } = left;
  const there = await listParts(context, left);
  if (there === "denied") return undefined;
  if (there === undefined) return await findCompleted(context, left, content);
  const bytes = there.reduce((sum, { size }) => sum + size, 0).toString();
  log.append(run, [{ type: "UploadResumed", data: { key, upload, parts: there.length, bytes } }]);
  return await finishUpload(context, { ...content, key, uploadId: upload, partSize, there });
}

/** Credentials that may upload need not be allowed to list parts: such an upload is aborted. */
async function listParts(context: StoreContext, left: LeftUpload) {
  const { store } = context.options;
  try {
    return await store.listParts(left.key, left.upload);
  } catch (error) {
    if (!isKind(error, "denied", "refused")) throw error;
    await abortUpload(context, store, left, `its parts cannot be listed: ${error.message}`);
    return "denied";
  }
}

/** The upload is not there any more: it may have been completed, and only the answer was lost. */
async function findCompleted(
  context: StoreContext,
  left: LeftUpload,
  { file, size, isWhole, settled }: ReadContent & { readonly settled: boolean },
): Promise<UploadedContent | undefined> {
  const { store } = context.options;
  const head = await readableHead(store, left.key);
  if (settled && head !== undefined && isOfUpload(context, left, head, size)) {
    const digest = await hashWhole(context, file);
    if (await isWhole()) {
      const { etag, versionId } = head;
      const object = { etag, ...(versionId === undefined ? {} : { versionId }) };
      return { object, digest, bytes: size };
    }
  }
  await abortUpload(context, store, left, "the store does not have it any more");
  return undefined;
}

/** Who may not look whether it is that upload's object sends it once more. */
async function readableHead(store: ObjectStore, key: string): Promise<ObjectHead | undefined> {
  try {
    return await store.head(key);
  } catch (error) {
    if (!isKind(error, "denied")) throw error;
    return undefined;
  }
}

/** The object's metadata names the log and the observation: no other upload has written it. */
function isOfUpload(
  { log }: StoreContext,
  left: LeftUpload,
  head: ObjectHead,
  size: number,
): boolean {
  const header = decodeMetadata(head.metadata[METADATA_NAME] ?? "");
  return header?.log === log.genesis.log && header.position === left.observed &&
    head.size === size;
}
