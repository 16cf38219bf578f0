import type { SourceFile } from "../ports/source.ts";
import type { StoredObject, UploadedPart } from "../ports/object_store.ts";
import type { StoreContext, Task } from "./store_context.ts";
import { jsonOfText } from "../core/path_text.ts";

export interface PartedUpload {
  readonly key: string;
  readonly metadata: Record<string, string>;
  readonly storageClass: string;
  readonly file: SourceFile;
  readonly size: number;
  /** Asked after the last byte was read: false aborts the upload, because the file has changed. */
  readonly isWhole: () => boolean;
}

export interface UploadedContent {
  readonly object: StoredObject;
  readonly digest: Uint8Array;
  readonly bytes: number;
}

/**
 * A multipart upload of a file: intent, parts with a bounded number in flight, completion. Undefined
 * where the file changed meanwhile; the upload is then aborted. Whatever else goes wrong aborts it
 * too, and where even that fails the next run does.
 */
export async function uploadParts(
  context: StoreContext,
  task: Task,
  upload: PartedUpload,
): Promise<UploadedContent | undefined> {
  const { log, run, options } = context;
  const { key, metadata, storageClass } = upload;
  const { store } = options;
  const intent = {
    ...{ source: task.source, path: jsonOfText(task.path) },
    ...{ key, size: upload.size.toString() },
  };
  log.append(run, [{ type: "UploadStarted", data: intent }], { durable: true });
  const uploadId = await store.createUpload(key, { metadata, storageClass });
  log.append(run, [{ type: "UploadCreated", data: { key, upload: uploadId } }], { durable: true });
  try {
    const sent = await sendParts(context, upload, uploadId);
    if (sent.bytes === upload.size && upload.isWhole()) {
      const crc32 = sent.crc32.toString(16).padStart(8, "0");
      const completion = { crc32, size: sent.bytes };
      const object = await store.completeUpload(key, uploadId, sent.parts, completion);
      return { object, digest: sent.digest, bytes: sent.bytes };
    }
    await abort(context, key, uploadId, "the file changed while it was read");
    return undefined;
  } catch (error) {
    await abort(context, key, uploadId, "the run failed").catch(() => {});
    throw error;
  }
}

async function abort(
  { log, run, options }: StoreContext,
  key: string,
  upload: string,
  reason: string,
): Promise<void> {
  await options.store.abortUpload(key, upload);
  log.append(run, [{ type: "UploadAborted", data: { key, upload, reason } }]);
}

interface SentParts {
  readonly parts: UploadedPart[];
  readonly bytes: number;
  readonly digest: Uint8Array;
  readonly crc32: number;
}

async function sendParts(
  context: StoreContext,
  { key, file, size }: PartedUpload,
  uploadId: string,
): Promise<SentParts> {
  const { store, hashing } = context.options;
  const partSize = partSizeFor(context, size);
  const hash = hashing.incremental();
  const running = new Set<Promise<void>>();
  const parts: UploadedPart[] = [];
  const state = { failure: undefined as unknown };
  let bytes = 0;
  let crc32 = 0;
  for (let part = 1;; part++) {
    await context.budget.acquire(partSize);
    const wanted = Math.min(partSize, Math.max(1, size - bytes));
    const buffer = context.buffers.take(wanted);
    const done = () => {
      context.buffers.give(buffer);
      context.budget.release(partSize);
    };
    let length: number;
    try {
      context.signal.throwIfAborted();
      if (state.failure !== undefined) throw state.failure;
      length = await file.read(buffer);
    } catch (error) {
      done();
      await Promise.allSettled(running);
      throw error;
    }
    if (length === 0) {
      done();
      break;
    }
    const body = buffer.subarray(0, length);
    hash.update(body);
    crc32 = hashing.crc32(body, crc32);
    bytes += length;
    const send = store.uploadPart(key, uploadId, part, body)
      .then((uploaded) => {
        parts.push(uploaded);
        context.totals.bytes += uploaded.size;
      })
      .catch((error) => void (state.failure ??= error))
      .finally(() => {
        done();
        running.delete(send);
      });
    running.add(send);
    if (bytes >= size) break;
  }
  await Promise.all(running);
  if (state.failure !== undefined) throw state.failure;
  parts.sort((a, b) => a.part - b.part);
  return { parts, bytes, digest: hash.digest(), crc32 };
}

/** The configured size, or as much larger as the number of parts demands, in whole MiB. */
function partSizeFor({ options }: StoreContext, size: number): number {
  const { minPart, maxPart, maxParts } = options.store.limits;
  const needed = Math.ceil(size / maxParts / (1 << 20)) * (1 << 20);
  return Math.min(maxPart, Math.max(minPart, options.partSize, needed));
}
