import { Buffer } from "node:buffer";
import type { CopyPartResult } from "@aws-sdk/client-s3";
import { copyPartSize } from "../../core/copy_parts.ts";
import type { CopyOptions, CopySource, StoredObject } from "../../ports/object_store.ts";
import type { StoreContext } from "./context.ts";
import { abortUpload, completeUpload, createUpload, type SentPart } from "./multipart.ts";
import { copySource } from "./s3_key.ts";
import { withoutQuotes } from "./stored_answer.ts";

const partsInFlight = 8;

/**
 * UploadPartCopy: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 *
 * Names no checksum of the whole: nothing was summed here, and versitygw answers with the source's
 * CRC32 for each part.
 */
export async function copyInParts(
  context: StoreContext,
  from: CopySource,
  key: string,
  options: CopyOptions,
  largestPart: number,
): Promise<StoredObject> {
  const size = copyPartSize(from.size, largestPart);
  const uploadId = await createUpload(context, key, options);
  try {
    const parts = await copyAll(context, from, key, uploadId, size);
    const stored = await completeUpload(context, key, uploadId, parts, { size: from.size });
    const { checksum: _, ...rest } = stored;
    return rest;
  } catch (error) {
    // What cannot be aborted now is found by listUploads; the first error is the one to know.
    await abortUpload(context, key, uploadId).catch(() => {});
    throw error;
  }
}

/** Returns or throws when no request is under way any more. */
async function copyAll(
  context: StoreContext,
  from: CopySource,
  key: string,
  uploadId: string,
  size: number,
): Promise<SentPart[]> {
  const count = Math.ceil(from.size / size);
  const parts: SentPart[] = new Array(count);
  let next = 0;
  const lane = async () => {
    try {
      while (next < count) {
        const i = next++;
        const range = { first: i * size, last: Math.min((i + 1) * size, from.size) - 1 };
        parts[i] = await copyPart(context, from, { key, uploadId, part: i + 1, ...range });
      }
    } catch (error) {
      next = count;
      throw error;
    }
  };
  const lanes = Array.from({ length: partsInFlight }, lane);
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === "rejected") throw lane.reason;
  }
  return parts;
}

interface PartOfCopy {
  readonly key: string;
  readonly uploadId: string;
  readonly part: number;
  /** Bytes of the source, both included. */
  readonly first: number;
  readonly last: number;
}

async function copyPart(
  context: StoreContext,
  from: CopySource,
  { key, uploadId, part, first, last }: PartOfCopy,
): Promise<SentPart> {
  const source = context.target(from.key);
  const input = {
    ...context.target(key),
    UploadId: uploadId,
    PartNumber: part,
    CopySource: copySource(source.Bucket, source.Key, from.versionId),
    CopySourceRange: `bytes=${first}-${last}`,
    ...(from.ifMatch === undefined ? {} : { CopySourceIfMatch: `"${from.ifMatch}"` }),
  };
  const answer = await context.call(
    { operation: "UploadPartCopy", key: from.key },
    ({ connection: { sdk, client }, send }) =>
      client.send(new sdk.UploadPartCopyCommand(input), send),
  );
  const { ETag, ChecksumCRC32 }: CopyPartResult = answer.CopyPartResult ?? {};
  return {
    part,
    etag: withoutQuotes(ETag),
    ...(ChecksumCRC32 === undefined
      ? {}
      : { crc32: Buffer.from(ChecksumCRC32, "base64").toString("hex") }),
  };
}
