import type { LockSetting } from "../../core/lock/object_lock.ts";
import type { Clock } from "../../ports/environment.ts";
import type { StoreFeatures } from "../../ports/object_store.ts";

/** Where a repository lies in S3 and how it is reached; what is absent is the SDK's own default. */
export interface S3StoreOptions {
  readonly bucket: string;
  /** Without slashes at its ends; "" for the whole bucket. */
  readonly prefix: string;
  readonly endpoint?: string;
  readonly region?: string;
  /** A section of the shared AWS config and credentials files. */
  readonly profile?: string;
  /** Already at hand; else the SDK's chain: environment, profile, SSO, process, web identity, container, instance. */
  readonly credentials?: S3Credentials;
  readonly forcePathStyle?: boolean;
  readonly sse?: ServerSideEncryption;
  /** Key ID or ARN for "aws:kms". */
  readonly sseKmsKey?: string;
  /** Object Lock of all that is put. */
  readonly lock?: LockSetting;
  /** What a probe found (app/probe_store.ts); everything, where nothing is known yet. */
  readonly features?: StoreFeatures;
  /** Of Holdfast, for the user agent. */
  readonly version: string;
  readonly clock: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Ends every wait and every request with kind "interrupted". */
  readonly signal?: AbortSignal;
  /** "always" sends also small objects through S3Client; "auto" signs them directly. */
  readonly puts?: "auto" | "always-client";
  /** Bytes that one CopyObject may copy: 5 GiB, S3's own limit, but for tests. */
  readonly largestCopy?: number;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type ServerSideEncryption = "AES256" | "aws:kms" | "aws:kms:dsse";

/** Times in milliseconds. */
export interface RetryPolicy {
  /** Before the second try, doubled with every further one, with jitter. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Tries while the store has never answered: a wrong endpoint should fail soon. */
  readonly firstContactTries: number;
  /** Tries of one call at most; absent: for as long as the run is allowed to take. */
  readonly mostTries?: number;
  /** Tries of a body that arrived damaged. */
  readonly damagedTries: number;
  /** Without any byte moving. */
  readonly idleMs: number;
  /** Told of each failed try, so that a waiting run can say why. */
  readonly onRetry?: (failure: RetryNotice) => void;
}

export interface RetryNotice {
  readonly operation: string;
  readonly key: string;
  readonly tries: number;
  readonly waitMs: number;
  readonly reason: string;
}

export const defaultRetryPolicy: RetryPolicy = {
  firstDelayMs: 100,
  longestDelayMs: 20_000,
  firstContactTries: 6,
  damagedTries: 3,
  idleMs: 300_000,
};

/**
 * Whether the bucket is named in the path: asked for, or an endpoint whose name cannot carry a
 * bucket's (an address or localhost).
 */
export function usesPathStyle(options: S3StoreOptions): boolean {
  if (options.forcePathStyle !== undefined) return options.forcePathStyle;
  if (options.endpoint === undefined) return false;
  const { hostname } = new URL(options.endpoint);
  return hostname === "localhost" || hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}
