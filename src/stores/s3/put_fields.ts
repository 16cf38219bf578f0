import type { PutOptions, StoreFeatures } from "../../ports/object_store.ts";
import { HoldfastError } from "../../core/error.ts";
import { type LockFields, lockFields } from "./object_lock.ts";
import type { S3StoreOptions, ServerSideEncryption } from "./options.ts";

/** What a new object carries besides its body, as the SDK's commands name it. */
export interface PutFields extends LockFields {
  readonly Metadata?: Record<string, string>;
  readonly StorageClass?: "STANDARD";
  readonly ContentType?: string;
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
}

export function putFields(
  options: PutOptions,
  store: S3StoreOptions,
  features: StoreFeatures,
): PutFields {
  const sse = askedEncryption(store, features);
  return {
    ...(options.metadata !== undefined && features.metadata.works
      ? { Metadata: { ...options.metadata } }
      : {}),
    // The SDK's type is a closed list of AWS's classes; other stores have their own.
    ...(options.storageClass === undefined || options.storageClass === "STANDARD"
      ? {}
      : { StorageClass: options.storageClass as "STANDARD" }),
    ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
    ...(sse === undefined ? {} : { ServerSideEncryption: sse }),
    ...(sse === undefined || store.sseKmsKey === undefined ? {} : { SSEKMSKeyId: store.sseKmsKey }),
    ...lockFields(options, store, features),
  };
}

/** The same as headers of a PUT, names in lower case. */
export function putHeaders(fields: PutFields): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in fields.Metadata) {
    headers[`x-amz-meta-${name.toLowerCase()}`] = fields.Metadata[name];
  }
  const { StorageClass, ContentType, ServerSideEncryption, SSEKMSKeyId } = fields;
  if (StorageClass !== undefined) headers["x-amz-storage-class"] = StorageClass;
  if (ContentType !== undefined) headers["content-type"] = ContentType;
  if (ServerSideEncryption !== undefined) {
    headers["x-amz-server-side-encryption"] = ServerSideEncryption;
  }
  if (SSEKMSKeyId !== undefined) {
    headers["x-amz-server-side-encryption-aws-kms-key-id"] = SSEKMSKeyId;
  }
  if (fields.ObjectLockMode !== undefined) {
    headers["x-amz-object-lock-mode"] = fields.ObjectLockMode;
    headers["x-amz-object-lock-retain-until-date"] = fields.ObjectLockRetainUntilDate!
      .toISOString();
  }
  return headers;
}

/** undefined where none was asked for, or where the probe found that the store has none. */
export function askedEncryption(
  store: S3StoreOptions,
  features: StoreFeatures,
): ServerSideEncryption | undefined {
  if (!features.encryption.works) return undefined;
  return store.sse ?? (store.sseKmsKey === undefined ? undefined : "aws:kms");
}

/** Throws "refused" where encryption was asked for and the store's answer does not confirm it. */
export function checkEncryption(
  asked: ServerSideEncryption | undefined,
  confirmed: string | undefined,
  key: string,
): void {
  if (asked === undefined || asked === confirmed) return;
  throw new HoldfastError(
    "refused",
    `the store took ${key} without confirming the encryption ${asked} that was asked for`,
    {
      context: { key, code: "EncryptionNotConfirmed", asked, confirmed: confirmed ?? "none" },
      hint: "take `sse` out of the job, or use a store that encrypts",
    },
  );
}
