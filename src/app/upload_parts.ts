import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { jsonOfText } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ListedPart, StoredObject, UploadedPart } from "../ports/object_store.ts";
import type { SourceFile } from "../ports/source.ts";
import { abortUpload } from "./left_uploads.ts";
import { type KeyCondition, putOver } from "./put_over.ts";
import type { StoreContext, Task } from "./store_context.ts";

/** What is read for an upload. */
export interface ReadContent {
  readonly file: Pick<SourceFile, "read">;
  /** Bytes that are to be read. */
  readonly size: number;
  /** Of the entry, where the key is its path's own. */
  readonly row: EntryRow | undefined;
  /** Asked after the last byte was read: false aborts the upload, because the file has changed. */
  readonly isWhole: () => Promise<boolean>;
}

export interface PartedUpload extends ReadContent {
  readonly key: string;
  readonly metadata: Record<string, string>;
  readonly storageClass: string;
  /** Position of the observation that it stores the content of. */
  readonly observed: number;
  /** What is read is an age file. */
  readonly encryption?: "age";
}

export interface UploadedContent {
  readonly object: StoredObject;
  /** SHA-256 of what was sent. */
  readonly digest: Uint8Array;
  readonly bytes: number;
}

/**
 * A multipart upload of a file: intent, parts with a bounded number in flight, completion. Undefined
 * where the file changed meanwhile; the upload is then aborted. Where the run ends, it stays open,
 * and the next run goes on with it (resume_upload.ts), or aborts it where it is encrypted.
 */
export async function uploadParts(
  context: StoreContext,
  task: Task,
  upload: PartedUpload,
): Promise<UploadedContent | undefined> {
  const { log, run, options } = context;
  const { key, metadata, storageClass, observed, size, encryption } = upload;
  const { store } = options;
  const before = log.index.tables.upload(key);
  if (before !== undefined) await abortUpload(context, store, before, "its key is taken anew");
  const partSize = partSizeFor(context, size);
  const intent = {
    ...{ source: task.source, path: jsonOfText(task.path) },
    ...{ key, size: size.toString(), observed },
    ...(encryption === undefined ? { partSize } : { encryption }),
    ...(storageClass === "STANDARD" ? {} : { class: storageClass }),
  };
  log.append(run, [{ type: "UploadStarted", data: intent }], { durable: true });
  const uploadId = await store.createUpload(key, { metadata, storageClass });
  log.append(run, [{ type: "UploadCreated", data: { key, upload: uploadId } }], { durable: true });
  return await finishUpload(context, { ...upload, uploadId, partSize, there: [] });
}

/** An upload that the store has begun. */
export interface BegunUpload extends ReadContent {
  readonly key: string;
  readonly uploadId: string;
  readonly partSize: number;
  /** Parts that the store has already: those with the file's bytes are not sent again. */
  readonly there: readonly ListedPart[];
}

/**
 * Sends what is missing and completes; undefined and aborted where the file changed meanwhile, or the
 * store has given the upload up: it is to be sent anew.
 */
export async function finishUpload(
  context: StoreContext,
  upload: BegunUpload,
): Promise<UploadedContent | undefined> {
  const { key, uploadId } = upload;
  const { store } = context.options;
  const abort = (reason: string) => abortUpload(context, store, { key, upload: uploadId }, reason);
  let wasRefused = false;
  try {
    const sent = await sendParts(context, upload);
    if (sent.bytes === upload.size && await upload.isWhole()) {
      const completion = { crc32: hexOfCrc(sent.crc32), size: sent.bytes };
      const complete = async (condition: KeyCondition = {}) => {
        try {
          const options = { ...completion, ...condition };
          return await store.completeUpload(key, uploadId, sent.parts, options);
        } catch (error) {
          wasRefused ||= isKind(error, "conflict");
          throw error;
        }
      };
      const { row } = upload;
      const object = row === undefined
        ? await complete()
        : await putOver(context, { key, row }, complete);
      return { object, digest: sent.digest, bytes: sent.bytes };
    }
  } catch (error) {
    if (wasRefused && isKind(error, "gone")) {
      // AWS, CompleteMultipartUpload: after 409 it is begun anew. By then it is known what is there.
      context.others.found = true;
      await abort("the store gave it up when its condition did not hold");
      return undefined;
    }
    // To go on later would end the same way; the message is about what happened first.
    if (isKind(error, "refused", "damage", "entry")) await abort(error.message).catch(() => {});
    throw error;
  }
  await abort("the file changed while it was read");
  return undefined;
}

interface SentParts {
  readonly parts: UploadedPart[];
  readonly bytes: number;
  readonly digest: Uint8Array;
  readonly crc32: number;
}

async function sendParts(context: StoreContext, upload: BegunUpload): Promise<SentParts> {
  const { store, hashing, partSize: usual } = context.options;
  const { key, uploadId, file, size, partSize } = upload;
  const there = new Map(upload.there.map((listed) => [listed.part, listed]));
  // A buffer of the pool is as large as the usual part, however small these are.
  const weight = Math.max(partSize, usual);
  const hash = hashing.incremental();
  const running = new Set<Promise<void>>();
  const parts: UploadedPart[] = [];
  const state = { failure: undefined as unknown };
  let bytes = 0;
  let crc32 = 0;
  for (let part = 1;; part++) {
    await context.budget.acquire(weight);
    const wanted = Math.min(partSize, Math.max(1, size - bytes));
    const buffer = context.buffers.take(wanted);
    const done = () => {
      context.buffers.give(buffer);
      context.budget.release(weight);
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
    const known = knownPart(hashing, there.get(part), body);
    if (known !== undefined) {
      parts.push(known);
      done();
    } else {
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
    }
    if (bytes >= size) break;
  }
  await Promise.all(running);
  if (state.failure !== undefined) throw state.failure;
  parts.sort((a, b) => a.part - b.part);
  return { parts, bytes, digest: hash.digest(), crc32 };
}

/**
 * The part as the store has it, where these are its bytes: by its CRC32, or, where the store tells
 * none, by an ETag that is its MD5. Where neither can be compared it is as good as not there.
 */
function knownPart(
  hashing: Hashing,
  listed: ListedPart | undefined,
  body: Uint8Array,
): UploadedPart | undefined {
  if (listed === undefined || listed.size !== body.length) return undefined;
  const crc32 = hexOfCrc(hashing.crc32(body));
  const isSame = listed.crc32 === undefined
    ? listed.etag === hex(hashing.md5(body))
    : listed.crc32 === crc32;
  return isSame ? { part: listed.part, etag: listed.etag, size: body.length, crc32 } : undefined;
}

function hexOfCrc(crc32: number): string {
  return (crc32 >>> 0).toString(16).padStart(8, "0");
}

/** The configured size, or as much larger as the number of parts demands, in whole MiB. */
function partSizeFor({ options }: StoreContext, size: number): number {
  const { minPart, maxPart, maxParts } = options.store.limits;
  const usual = Math.max(minPart, options.partSize);
  const needed = Math.ceil(size / maxParts / (1 << 20)) * (1 << 20);
  return Math.min(maxPart, usual * maxParts < size ? Math.max(usual, needed) : usual);
}
