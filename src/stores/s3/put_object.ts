import type { PutOptions, StoredObject } from "../../ports/object_store.ts";
import { HoldfastError } from "../../core/error.ts";
import { crcBase64, crcHex } from "./checksum.ts";
import type { Session, StoreContext } from "./context.ts";
import { askedEncryption, type PutFields, putFields, putHeaders } from "./put_fields.ts";
import type { Tries } from "./retry.ts";
import type { Call } from "./s3_error.ts";
import { tryShortWay } from "./short_way.ts";
import { readStored, type StoredAnswer } from "./stored_answer.ts";

interface Put {
  readonly key: string;
  readonly target: { Bucket: string; Key: string };
  readonly body: Uint8Array;
  readonly fields: PutFields;
  readonly ifNoneMatch: boolean;
  /** Without quotes. */
  readonly ifMatch: string | undefined;
  readonly sha256: string | undefined;
  /** undefined where the store does not take checksums. */
  readonly crc: string | undefined;
}

/** One request where nothing goes wrong. */
export async function putObject(
  context: StoreContext,
  key: string,
  body: Uint8Array,
  options: PutOptions,
): Promise<StoredObject> {
  const { features } = context;
  const put: Put = {
    key,
    target: context.target(key),
    body,
    fields: putFields(options, context.options, features),
    ifNoneMatch: (options.ifNoneMatch ?? false) && features.conditionalPut.works,
    ifMatch: options.ifMatch,
    sha256: options.sha256,
    crc: features.checksums.works ? crcHex(body) : undefined,
  };
  if (options.ifNoneMatch && !features.conditionalPut.works) await refuseExisting(context, key);
  const call: Call = {
    operation: "PutObject",
    key,
    ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
  };
  return await context.call(call, async (session, tries) => {
    const stored = tries.made === 1 ? await putShort(context, session, put, tries) : undefined;
    return stored ?? await putByClient(context, session, put);
  });
}

async function putShort(
  context: StoreContext,
  session: Session,
  put: Put,
  tries: Tries,
): Promise<StoredObject | undefined> {
  const { shortWay, send } = session;
  if (shortWay === undefined) return undefined;
  const headers = putHeaders(put.fields);
  if (put.crc !== undefined) {
    headers["x-amz-checksum-crc32"] = crcBase64(put.crc);
    headers["x-amz-sdk-checksum-algorithm"] = "CRC32";
  }
  if (put.ifNoneMatch) headers["if-none-match"] = "*";
  if (put.ifMatch !== undefined) headers["if-match"] = `"${put.ifMatch}"`;
  const { body, sha256 } = put;
  const answer = await tryShortWay(
    shortWay,
    { key: put.target.Key, headers, body, sha256, hasChecksum: put.crc !== undefined, ...send },
    tries,
  );
  if (answer?.headers.etag === undefined) return undefined;
  return storedObject(context, put, {
    ETag: answer.headers.etag,
    VersionId: answer.headers["x-amz-version-id"],
    ChecksumCRC32: answer.headers["x-amz-checksum-crc32"],
    ChecksumType: answer.headers["x-amz-checksum-type"],
    ServerSideEncryption: answer.headers["x-amz-server-side-encryption"],
  });
}

async function putByClient(
  context: StoreContext,
  session: Session,
  put: Put,
): Promise<StoredObject> {
  const { sdk, client } = session.connection;
  const command = new sdk.PutObjectCommand({
    ...put.target,
    ...put.fields,
    Body: put.body,
    ...(put.ifNoneMatch ? { IfNoneMatch: "*" } : {}),
    ...(put.ifMatch === undefined ? {} : { IfMatch: `"${put.ifMatch}"` }),
    ...(put.crc === undefined
      ? {}
      : { ChecksumAlgorithm: "CRC32" as const, ChecksumCRC32: crcBase64(put.crc) }),
  });
  return storedObject(context, put, await client.send(command, session.send));
}

function storedObject(context: StoreContext, put: Put, answer: StoredAnswer): StoredObject {
  const asked = askedEncryption(context.options, context.features);
  return readStored(put.key, asked, put.crc, answer);
}

/** Where If-None-Match is not honoured: a look before the write, which another writer may slip past. */
export async function refuseExisting(context: StoreContext, key: string): Promise<void> {
  const target = context.target(key);
  const found = await context.call({ operation: "HeadObject", key }, async (session) => {
    const { sdk, client } = session.connection;
    try {
      await client.send(new sdk.HeadObjectCommand(target), session.send);
      return true;
    } catch (error) {
      if (error instanceof sdk.NotFound) return false;
      throw error;
    }
  });
  if (!found) return;
  throw new HoldfastError("conflict", `${context.url}/${key} is there already`, {
    context: { key, code: "PreconditionFailed", unanswered: 0 },
  });
}
