import type { ObjectStore, StoreLimits } from "../../ports/object_store.ts";
import { openContext } from "./context.ts";
import { copyObject } from "./copy_object.ts";
import { headChecksums } from "./head_checksums.ts";
import { deleter } from "./delete_objects.ts";
import { lifecycleRules } from "./lifecycle.ts";
import { listObjects, listUploads } from "./list_objects.ts";
import { listParts } from "./list_parts.ts";
import { abortUpload, completeUpload, createUpload, uploadPart } from "./multipart.ts";
import type { S3StoreOptions } from "./options.ts";
import { putObject } from "./put_object.ts";
import { putStream } from "./put_stream.ts";
import { getObject, headObject } from "./read_object.ts";
import { requestRestore } from "./request_restore.ts";
import { extendLock, lockOf } from "./object_lock.ts";
import { keyRefusal, longestKey } from "./s3_key.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const largestObject = 50 * 1024 ** 4;
const largestPart = 5 * GIB;

/**
 * S3 and what speaks its protocol. Nothing is sent and no SDK is loaded before the first use.
 *
 * A put is one request where nothing goes wrong; network failures and 5xx are repeated without limit
 * until `options.signal` fires. A "conflict" with `context.unanswered` above 0 may be with the
 * caller's own write whose answer was lost: compare what lies there before calling it another's.
 */
export function openS3Store(options: S3StoreOptions): ObjectStore {
  const context = openContext(options);
  return {
    kind: "s3",
    url: context.url,
    features: context.features,
    limits: limitsOf(context.features.multipart.works, context.prefixBytes),
    refusesKey: (key) => keyRefusal(key, context.prefixBytes),
    put: (key, body, put) => putObject(context, key, body, put),
    get: (key, get = {}) => getObject(context, key, get),
    head: (key, head = {}) => headObject(context, key, head.versionId),
    headChecksums: (key) => headChecksums(context, key),
    list: (prefix, list = {}) => listObjects(context, prefix, list),
    createUpload: (key, put) => createUpload(context, key, put),
    uploadPart: (key, id, part, body) => uploadPart(context, key, id, part, body),
    completeUpload: (key, id, parts, complete) => completeUpload(context, key, id, parts, complete),
    abortUpload: (key, id) => abortUpload(context, key, id),
    listUploads: (prefix) => listUploads(context, prefix),
    listParts: (key, id) => listParts(context, key, id),
    requestRestore: (object, request) => requestRestore(context, object, request),
    copy: (from, key, copy) => copyObject(context, from, key, copy),
    delete: deleter(context),
    putStream: (key, body, put) => putStream(context, key, body, put),
    lifecycle: async () => ({
      keyPrefix: context.keyPrefix,
      rules: await lifecycleRules(context),
    }),
    lockOf: (object) => lockOf(context, object),
    extendLock: (object, lock, options) => extendLock(context, object, lock, options),
    close: () => context.close(),
  };
}

function limitsOf(multipart: boolean, prefixBytes: number): StoreLimits {
  return {
    minPart: 5 * MIB,
    maxPart: largestPart,
    maxParts: 10_000,
    maxObject: multipart ? largestObject : largestPart,
    maxKeyBytes: longestKey - prefixBytes,
  };
}
