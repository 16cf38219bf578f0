import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { CompleteMultipartUploadCommandInput } from "@aws-sdk/client-s3";
import type {
  CompleteOptions,
  PutOptions,
  StoredObject,
  UploadedPart,
} from "../../ports/object_store.ts";
import { confirmedChecksum, crcBase64, crcHex } from "./checksum.ts";
import type { Session, StoreContext } from "./context.ts";
import { askedEncryption, checkEncryption, putFields } from "./put_fields.ts";
import { refuseExisting } from "./put_object.ts";
import { failureOf } from "./failure.ts";
import { tryShortWay } from "./short_way.ts";
import { readStored, type StoredAnswer, withoutQuotes } from "./stored_answer.ts";

/** The checksum's algorithm is named at the start: versitygw demands it, AWS defaults to another. */
const fullObject = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } as const;

/** A lost answer leaves an upload without parts, which the next run's listUploads finds. */
export async function createUpload(
  context: StoreContext,
  key: string,
  options: PutOptions,
): Promise<string> {
  const { features } = context;
  const input = {
    ...context.target(key),
    ...putFields(options, context.options, features),
    ...(features.checksums.works ? fullObject : {}),
  };
  const call = {
    operation: "CreateMultipartUpload",
    key,
    ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
  };
  const answer = await context.call(
    call,
    ({ connection: { sdk, client }, send }) =>
      client.send(new sdk.CreateMultipartUploadCommand(input), send),
  );
  const asked = askedEncryption(context.options, features);
  checkEncryption(asked, answer.ServerSideEncryption, key);
  return answer.UploadId!;
}

interface Part {
  readonly key: string;
  readonly target: { Bucket: string; Key: string };
  readonly uploadId: string;
  readonly number: number;
  readonly body: Uint8Array;
  readonly crc: string;
  readonly sendsCrc: boolean;
}

export async function uploadPart(
  context: StoreContext,
  key: string,
  uploadId: string,
  number: number,
  body: Uint8Array,
): Promise<UploadedPart> {
  const sendsCrc = context.features.checksums.works;
  const target = context.target(key);
  const part: Part = { key, target, uploadId, number, body, crc: crcHex(body), sendsCrc };
  const call = { operation: "UploadPart", key };
  const answer = await context.call(call, async (session, tries) => {
    const { shortWay } = session;
    const short = shortWay !== undefined && tries.made === 1
      ? await tryShortWay(shortWay, shortPart(part, session), tries)
      : undefined;
    if (short?.headers.etag === undefined) return await partByClient(part, session);
    return { ETag: short.headers.etag, ChecksumCRC32: short.headers["x-amz-checksum-crc32"] };
  });
  confirmedChecksum(answer.ChecksumCRC32, undefined, part.crc, key);
  return { part: number, etag: withoutQuotes(answer.ETag), size: body.length, crc32: part.crc };
}

function shortPart(part: Part, { send }: Session) {
  const { uploadId, number, body, crc, sendsCrc } = part;
  const headers: Record<string, string> = sendsCrc
    ? { "x-amz-checksum-crc32": crcBase64(crc), "x-amz-sdk-checksum-algorithm": "CRC32" }
    : {};
  const query = { partNumber: String(number), uploadId };
  return { key: part.target.Key, query, headers, body, hasChecksum: sendsCrc, ...send };
}

async function partByClient(part: Part, { connection: { sdk, client }, send }: Session) {
  const { uploadId, number, body, crc, sendsCrc } = part;
  const command = new sdk.UploadPartCommand({
    ...part.target,
    UploadId: uploadId,
    PartNumber: number,
    Body: body,
    ...(sendsCrc ? { ChecksumAlgorithm: "CRC32" as const, ChecksumCRC32: crcBase64(crc) } : {}),
  });
  return await client.send(command, send);
}

/** A part whose CRC32 may be unknown, as a copied part's is where the store does not tell it. */
export type SentPart = Pick<UploadedPart, "part" | "etag"> & { readonly crc32?: string };

type Completion = Omit<CompleteOptions, "crc32"> & { readonly crc32?: string };

export async function completeUpload(
  context: StoreContext,
  key: string,
  uploadId: string,
  parts: readonly SentPart[],
  options: Completion,
): Promise<StoredObject> {
  const { features } = context;
  const conditional = options.ifNoneMatch ?? false;
  if (conditional && !features.conditionalPut.works) await refuseExisting(context, key);
  const input = completeInput(context, key, uploadId, parts, options);
  const call = { operation: "CompleteMultipartUpload", key };
  const answer = await context.call(call, async (session, tries): Promise<StoredAnswer> => {
    const { sdk, client } = session.connection;
    const isRepeat = tries.unanswered > 0;
    const before = () => completedBefore(context, session, key, parts, options);
    try {
      const command = new sdk.CompleteMultipartUploadCommand(input);
      const answered = await client.send(command, session.send);
      // A repeat may be answered with less than the first one was: no version ID, no checksum.
      return isRepeat ? await before() ?? answered : answered;
    } catch (error) {
      const isOver = isRepeat && failureOf(error).code === "NoSuchUpload";
      const won = isOver ? await before() : undefined;
      if (won === undefined) throw error;
      return won;
    }
  });
  const asked = askedEncryption(context.options, features);
  return readStored(key, asked, features.checksums.works ? options.crc32 : undefined, answer);
}

function completeInput(
  context: StoreContext,
  key: string,
  uploadId: string,
  parts: readonly SentPart[],
  options: Completion,
): CompleteMultipartUploadCommandInput {
  const { features } = context;
  const crc = features.checksums.works ? options.crc32 : undefined;
  const ordered = parts.toSorted((a, b) => a.part - b.part);
  return {
    ...context.target(key),
    UploadId: uploadId,
    MultipartUpload: {
      Parts: ordered.map((part) => ({
        PartNumber: part.part,
        ETag: `"${part.etag}"`,
        ...(features.checksums.works && part.crc32 !== undefined
          ? { ChecksumCRC32: crcBase64(part.crc32) }
          : {}),
      })),
    },
    ...(options.ifNoneMatch && features.conditionalPut.works ? { IfNoneMatch: "*" } : {}),
    ...(options.ifMatch === undefined ? {} : { IfMatch: `"${options.ifMatch}"` }),
    ...(crc !== undefined
      ? {
        ChecksumCRC32: crcBase64(crc),
        ChecksumType: "FULL_OBJECT" as const,
        MpuObjectSize: options.size,
      }
      : {}),
  };
}

/** After a lost answer the upload is gone because it was completed: the object itself says so. */
async function completedBefore(
  context: StoreContext,
  { connection: { sdk, client }, send }: Session,
  key: string,
  parts: readonly SentPart[],
  options: Completion,
): Promise<StoredAnswer | undefined> {
  const command = new sdk.HeadObjectCommand({ ...context.target(key), ChecksumMode: "ENABLED" });
  const head = await client.send(command, send).catch(() => undefined);
  if (head === undefined || head.ContentLength !== options.size) return undefined;
  const isOurs = options.crc32 !== undefined && head.ChecksumCRC32 === crcBase64(options.crc32) ||
    withoutQuotes(head.ETag) === uploadEtag(parts);
  return isOurs ? head : undefined;
}

/** The ETag of an upload whose parts' ETags are MD5s: the MD5 of these, and their number. */
function uploadEtag(parts: readonly SentPart[]): string {
  const ordered = parts.toSorted((a, b) => a.part - b.part);
  const joined = Buffer.from(ordered.map((part) => part.etag).join(""), "hex");
  return `${createHash("md5").update(joined).digest("hex")}-${parts.length}`;
}

/**
 * An upload that is not there any more is as good as aborted. A part that arrives during the abort
 * may outlive it (AWS: AbortMultipartUpload): listUploads then still names the upload.
 */
export async function abortUpload(
  context: StoreContext,
  key: string,
  uploadId: string,
): Promise<void> {
  const input = { ...context.target(key), UploadId: uploadId };
  await context.call({ operation: "AbortMultipartUpload", key }, async (session) => {
    const { sdk, client } = session.connection;
    try {
      await client.send(new sdk.AbortMultipartUploadCommand(input), session.send);
    } catch (error) {
      const { code, status } = failureOf(error);
      if (status !== 404 || code === "NoSuchBucket") throw error;
    }
  });
}
