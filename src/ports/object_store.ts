import type { RestoreState, Tier } from "../core/cold/restore_state.ts";
import type { LifecycleRule } from "../core/lifecycle_danger.ts";
import type { ObjectLock } from "../core/lock/object_lock.ts";
import type { ChecksumName } from "../core/mirror/judge_foreign.ts";

/**
 * A store of objects with S3's meaning of key, version ID, ETag, storage class and conditions
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/). Keys are relative to the repository's prefix.
 *
 * Errors are HoldfastErrors: "conflict" (a condition was not met, 412 or 409), "gone" (no such
 * bucket, key or version), "denied", "refused" (the store does not do this: 400, 403 on a class,
 * 405, 501, KeyTooLong; `context.code` is the store's code), "unreachable" (after the retries),
 * "disk-full", "damage" (checksum mismatch).
 */
export interface ObjectStore {
  readonly kind: "s3" | "folder";
  /** For messages: `s3://bucket/prefix` or `file:///dir`, without credentials. */
  readonly url: string;
  /** What the store was found or declared to do; see probe. */
  readonly features: StoreFeatures;
  /** Smallest part of a multipart upload but the last, largest part, parts and object (bytes). */
  readonly limits: StoreLimits;
  /** Whether a key can be held as it is; a reason where it cannot. No request. */
  refusesKey(key: string): string | undefined;
  put(key: string, body: Uint8Array, options: PutOptions): Promise<StoredObject>;
  get(key: string, options?: GetOptions): Promise<ObjectBody>;
  /** undefined where the key (or version) is not there. */
  head(key: string, options?: { versionId?: string }): Promise<ObjectHead | undefined>;
  /**
   * The same of the current object, with what the store knows of its content; S3 only. Throws "denied"
   * also where that takes a key which the user may not use (SSE-KMS, SSE-C).
   */
  headChecksums?(key: string): Promise<ChecksummedHead | undefined>;
  /** Current objects in key order (bytes), page by page. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListedObject[]>;
  createUpload(key: string, options: PutOptions): Promise<string>;
  uploadPart(key: string, uploadId: string, part: number, body: Uint8Array): Promise<UploadedPart>;
  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    options: CompleteOptions,
  ): Promise<StoredObject>;
  /** Aborts; an upload that is not there any more is no error. */
  abortUpload(key: string, uploadId: string): Promise<void>;
  listUploads(prefix: string): Promise<OpenUpload[]>;
  /** The parts that an open upload has, by number; undefined where there is no such upload any more. */
  listParts(key: string, uploadId: string): Promise<ListedPart[] | undefined>;
  /**
   * A copy inside the store: no byte of content passes through this machine. The metadata is
   * replaced by `options.metadata`. Above 5 GiB in parts (UploadPartCopy). Throws "conflict" where
   * the source is no longer the one meant (`ifMatch`), "gone" where it is not there.
   */
  copy(from: CopySource, key: string, options: CopyOptions): Promise<StoredObject>;
  /**
   * Deletes up to 1,000 objects in as few requests as the store allows: without a version the current
   * object (a delete marker where versions are kept), else that version for good. What is not there
   * is no error. Returns those that could not be deleted, with the reason.
   */
  delete(objects: readonly ObjectName[]): Promise<{ object: ObjectName; reason: string }[]>;
  /**
   * RestoreObject: asks for a restored copy of an archived object, once; a request that is under way
   * or done is no error. Throws "refused" where the store has no such thing (501, code NotImplemented),
   * where the object is in no archive class (code InvalidObjectState, of Intelligent-Tiering also
   * ObjectAlreadyInActiveTierError) or the service has no capacity for the tier now (code
   * GlacierExpeditedRetrievalNotAvailable, which is not repeated), "gone" where it is not there.
   */
  requestRestore(object: ObjectName, request: RestoreRequest): Promise<RestoreAnswer>;
  /** A stream of unknown length, in one multipart upload that is aborted where the stream fails. */
  putStream(
    key: string,
    body: ReadableStream<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredObject>;
  /** Whole-key prefix of the repository and the rules that move or expire objects; S3 only. */
  lifecycle?(): Promise<{ readonly keyPrefix: string; readonly rules: LifecycleRule[] }>;
  /** Object Lock's retention of a version, undefined where it has none; S3 only. Throws "gone". */
  lockOf?(object: ObjectName): Promise<ObjectLock | undefined>;
  /**
   * Keeps a version longer; S3 only. Throws "gone", and "denied" where that would be shorter, or in the
   * other mode; `raises` governance to compliance mode, for whoever may bypass the former.
   */
  extendLock?(
    object: ObjectName,
    lock: ObjectLock,
    options?: { readonly raises?: boolean },
  ): Promise<void>;
  close(): void;
}

export interface PutOptions {
  /** User metadata without the `x-amz-meta-` prefix, ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly contentType?: string;
  /** `If-None-Match: *`: fail with "conflict" where the key exists. */
  readonly ifNoneMatch?: boolean;
  /**
   * `If-Match`: fail with "conflict" where the key has another ETag, or "gone" where it holds nothing.
   * Left to stores that keep no versions: where they are kept nothing is lost.
   */
  readonly ifMatch?: string;
  /** SHA-256 of the body, 64 hex digits, where the caller has it already: spares a second pass. */
  readonly sha256?: string;
  /** Object Lock, other than that of the store's own setting. */
  readonly lock?: ObjectLock;
}

export interface CompleteOptions {
  /** CRC32 of the whole object, 8 hex digits; checked by stores that know full-object checksums. */
  readonly crc32: string;
  readonly size: number;
  readonly ifNoneMatch?: boolean;
  readonly ifMatch?: string;
}

export interface StoredObject {
  /** Without quotes. */
  readonly etag: string;
  /** Absent where the store keeps no versions. */
  readonly versionId?: string;
  /** "crc32:8 hex digits" as the store confirmed it (full object), "crc32-parts:<base64>-N" where composite. */
  readonly checksum?: string;
}

export interface UploadedPart {
  readonly part: number;
  readonly etag: string;
  readonly size: number;
  /** 8 hex digits. */
  readonly crc32: string;
}

export interface ListedPart {
  readonly part: number;
  readonly etag: string;
  readonly size: number;
  /** 8 hex digits, where the store tells it. */
  readonly crc32?: string;
}

export interface ObjectName {
  readonly key: string;
  readonly versionId?: string;
}

export interface CopySource extends ObjectName {
  readonly ifMatch?: string;
  /** Bytes: decides between one request and parts. */
  readonly size: number;
}

/** The conditions are on the copy's key. Many stores ignore them, and so do copies above 5 GiB. */
export type CopyOptions = Pick<
  PutOptions,
  "metadata" | "storageClass" | "contentType" | "ifNoneMatch" | "ifMatch"
>;

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
}

export interface GetOptions {
  readonly versionId?: string;
  readonly ifMatch?: string;
  /** First byte and length. */
  readonly range?: { readonly offset: number; readonly length: number };
}

export interface ListOptions {
  readonly startAfter?: string;
  /** Asks for `ListedObject.restore`. */
  readonly restoreStatus?: boolean;
}

export interface RestoreRequest {
  readonly tier: Tier;
  /** For which the restored copy is kept; left out for Intelligent-Tiering, whose objects stay warm. */
  readonly days?: number;
}

/**
 * "accepted" (202): it is warming now. "under way" (409 RestoreAlreadyInProgress): an earlier request
 * is; nothing is paid. "extended" (200): it is warm, and its copy is kept for `days` from now on.
 */
export type RestoreAnswer = "accepted" | "under way" | "extended";

export interface ObjectBody {
  /** Must be read to its end or cancelled. A failing connection is resumed inside by ranged GETs with If-Match. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly head: ObjectHead;
}

export interface ObjectHead {
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
  /** "STANDARD" where the store names none. */
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** `x-amz-restore`, where there is one. */
  readonly restore?: RestoreState;
  /** `x-amz-archive-status`: the archive tier of Intelligent-Tiering that the object is in. */
  readonly archiveTier?: "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS";
}

export interface ChecksummedHead extends ObjectHead {
  /** Of the whole object, lower-case hex; of its parts alone there is none. */
  readonly checksums: Readonly<Partial<Record<ChecksumName, string>>>;
  /** An ETag of 32 hex digits is no MD5 then (SSE-KMS, SSE-C). */
  readonly hidesMd5: boolean;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
  readonly lastModified: number;
  /**
   * Where it was asked for (OptionalObjectAttributes=RestoreStatus); null where there is none, and the
   * store would tell it. Without it nobody knows: a store may not tell it, and only HEAD says.
   */
  readonly restore?: RestoreState | null;
}

/** Each is true, or false with a sentence why: the messages the runs show (docs/stores.md). */
export interface StoreFeatures {
  readonly conditionalPut: Feature;
  readonly versions: Feature;
  readonly checksums: Feature;
  readonly metadata: Feature;
  readonly multipart: Feature;
  readonly storageClass: Feature;
  readonly encryption: Feature;
  /** Object Lock; left out where it was not tried, since the job does not set `lock`. */
  readonly lock?: Feature;
}
export type Feature = { readonly works: true } | { readonly works: false; readonly reason: string };

export interface StoreLimits {
  readonly minPart: number;
  readonly maxPart: number;
  readonly maxParts: number;
  readonly maxObject: number;
  readonly maxKeyBytes: number;
}
