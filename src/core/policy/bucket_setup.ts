import type { Layout } from "../event/event.ts";
import type { PolicyPlace } from "./role_policy.ts";

/** How the bucket should be set up, in the words of `aws s3api`. */
export interface BucketSetup {
  readonly Bucket: string;
  /** put-bucket-versioning --versioning-configuration */
  readonly VersioningConfiguration: { readonly Status: "Enabled" };
  /** put-object-lock-configuration --object-lock-configuration */
  readonly ObjectLockConfiguration?: { readonly ObjectLockEnabled: "Enabled" };
  /** put-bucket-lifecycle-configuration --lifecycle-configuration */
  readonly LifecycleConfiguration: { readonly Rules: readonly SetupRule[] };
}

export interface SetupRule {
  readonly ID: string;
  readonly Status: "Enabled";
  readonly Filter: { readonly Prefix: string };
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation: number };
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays: number };
  readonly Expiration?: { readonly ExpiredObjectDeleteMarker: true };
}

const DAY = 86_400_000;
/** An interrupted upload goes on within that time. */
const UPLOAD_DAYS = 7;
/** For which a version that somebody has hidden or overwritten can be brought back. */
const LEAST_NONCURRENT_DAYS = 30;

/**
 * Versions, Object Lock where the job locks, and what is left over. In the mirror layout noncurrent
 * versions are what older snapshots restore from: no rule but `prune` may remove them.
 */
export function bucketSetup(place: PolicyPlace & { readonly layout: Layout }): BucketSetup {
  const { bucket, prefix, lock, layout } = place;
  const rule = (ID: string) => ({
    ...{ ID, Status: "Enabled" as const },
    Filter: { Prefix: prefix === "" ? "" : `${prefix}/` },
  });
  const days = Math.max(LEAST_NONCURRENT_DAYS, Math.ceil((lock?.ms ?? 0) / DAY));
  return {
    Bucket: bucket,
    VersioningConfiguration: { Status: "Enabled" },
    ...(lock === undefined ? {} : { ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } }),
    LifecycleConfiguration: {
      Rules: [
        {
          ...rule("holdfast-incomplete-uploads"),
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
        },
        {
          ...rule("holdfast-noncurrent-versions"),
          ...(layout === "pack" ? { NoncurrentVersionExpiration: { NoncurrentDays: days } } : {}),
          Expiration: { ExpiredObjectDeleteMarker: true },
        },
      ],
    },
  };
}
