import { LARGEST_COPY } from "../../core/copy_parts.ts";
import type { CopyOptions, CopySource, StoredObject } from "../../ports/object_store.ts";
import type { Session, StoreContext } from "./context.ts";
import { copyInParts } from "./copy_parts.ts";
import { askedEncryption, putFields, putHeaders } from "./put_fields.ts";
import type { Tries } from "./retry.ts";
import { copySource } from "./s3_key.ts";
import { tryShortWay } from "./short_way.ts";
import { readStored, type StoredAnswer } from "./stored_answer.ts";

interface Copy {
  readonly target: { Bucket: string; Key: string };
  readonly source: string;
  /** With quotes. */
  readonly ifMatch: string | undefined;
  readonly options: CopyOptions;
}

/**
 * One request where nothing goes wrong and the object has up to 5 GiB. A repeat after a lost answer
 * makes the same object again: one version more where the bucket keeps them.
 */
export async function copyObject(
  context: StoreContext,
  from: CopySource,
  key: string,
  options: CopyOptions,
): Promise<StoredObject> {
  const { options: store, features } = context;
  const most = store.largestCopy ?? LARGEST_COPY;
  if (from.size > most) return await copyInParts(context, from, key, options, most);
  const copy: Copy = {
    target: context.target(key),
    source: copySource(store.bucket, context.target(from.key).Key, from.versionId),
    ifMatch: from.ifMatch === undefined ? undefined : `"${from.ifMatch}"`,
    options,
  };
  const call = {
    operation: "CopyObject",
    key: from.key,
    ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
  };
  const answer = await context.call(call, async (session, tries) => {
    const copied = tries.made === 1 ? await copyShort(context, session, copy, tries) : undefined;
    return copied ?? await copyByClient(context, session, copy);
  });
  return readStored(key, askedEncryption(store, features), undefined, answer);
}

async function copyShort(
  context: StoreContext,
  { shortWay, send }: Session,
  { target, source, ifMatch, options }: Copy,
  tries: Tries,
): Promise<StoredAnswer | undefined> {
  if (shortWay === undefined) return undefined;
  const headers = putHeaders(putFields(options, context.options, context.features));
  headers["x-amz-copy-source"] = source;
  headers["x-amz-metadata-directive"] = "REPLACE";
  if (ifMatch !== undefined) headers["x-amz-copy-source-if-match"] = ifMatch;
  if (options.ifNoneMatch) headers["if-none-match"] = "*";
  if (options.ifMatch !== undefined) headers["if-match"] = `"${options.ifMatch}"`;
  if (context.features.checksums.works) headers["x-amz-checksum-algorithm"] = "CRC32";
  const put = { key: target.Key, headers, body: nothing, hasChecksum: false, wantsText: true };
  const answer = await tryShortWay(shortWay, { ...put, ...send }, tries);
  return answer === undefined ? undefined : copiedAnswer(answer.headers, answer.text);
}

const nothing = new Uint8Array(0);

/**
 * S3 may answer 200, keep the connection busy with white space, and then say that it failed (AWS:
 * CopyObject): only a whole CopyObjectResult is a success.
 */
export function copiedAnswer(
  headers: Record<string, string>,
  text: string,
): StoredAnswer | undefined {
  const result = /<CopyObjectResult\b[^>]*>(.*)<\/CopyObjectResult>\s*$/s.exec(text)?.[1];
  const field = (name: string) => {
    const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(result ?? "")?.[1];
    return found?.replaceAll("&quot;", '"').replaceAll("&#34;", '"').trim();
  };
  const etag = field("ETag");
  if (etag === undefined) return undefined;
  return {
    ETag: etag,
    VersionId: headers["x-amz-version-id"],
    ChecksumCRC32: field("ChecksumCRC32"),
    ChecksumType: field("ChecksumType"),
    ServerSideEncryption: headers["x-amz-server-side-encryption"],
  };
}

async function copyByClient(
  context: StoreContext,
  { connection: { sdk, client }, send }: Session,
  { target, source, ifMatch, options }: Copy,
): Promise<StoredAnswer> {
  const { features } = context;
  const command = new sdk.CopyObjectCommand({
    ...target,
    ...putFields(options, context.options, features),
    CopySource: source,
    MetadataDirective: "REPLACE",
    ...(ifMatch === undefined ? {} : { CopySourceIfMatch: ifMatch }),
    ...(options.ifNoneMatch ? { IfNoneMatch: "*" } : {}),
    ...(options.ifMatch === undefined ? {} : { IfMatch: `"${options.ifMatch}"` }),
    ...(features.checksums.works ? { ChecksumAlgorithm: "CRC32" as const } : {}),
  });
  const { CopyObjectResult, ...rest } = await client.send(command, send);
  return { ...rest, ...CopyObjectResult };
}
