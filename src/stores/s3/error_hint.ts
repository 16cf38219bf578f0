import { NO_CAPACITY, NOT_ARCHIVED, STILL_COLD } from "../../core/cold/restore_refusals.ts";
import type { ErrorKind } from "../../core/error.ts";
import { type Failure, isCertificate, isDamaged, isPassing } from "./failure.ts";

export interface Verdict {
  readonly kind: ErrorKind;
  readonly hint?: string;
}

const keysHint = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the `profile` of the job";
const noKeysHint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile` in the job " +
  "(after aws sso login, where it signs on)";
const bucketHint = "create the bucket, or correct `repository` in the job";

/** The permission that each call needs, as IAM names it (AWS: Actions for Amazon S3). */
const permissions: Readonly<Record<string, string>> = {
  PutObject: "s3:PutObject",
  GetObject: "s3:GetObject (s3:GetObjectVersion for older versions)",
  HeadObject: "s3:GetObject, and s3:ListBucket to learn that a key is missing",
  ListObjectsV2: "s3:ListBucket",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
  ListParts: "s3:ListMultipartUploadParts",
  CopyObject: "s3:PutObject and s3:GetObject (s3:GetObjectVersion for older versions)",
  UploadPartCopy: "s3:PutObject and s3:GetObject (s3:GetObjectVersion for older versions)",
  RestoreObject: "s3:RestoreObject",
  GetObjectRetention: "s3:GetObjectRetention",
  PutObjectRetention: "s3:PutObjectRetention, and a lock is never made shorter",
  DeleteObjects: "s3:DeleteObject (s3:DeleteObjectVersion for older versions)",
  DeleteObject: "s3:DeleteObject (s3:DeleteObjectVersion for older versions)",
  CreateJob: "s3:CreateJob, and iam:PassRole for the role of `batch_role`",
  ListJobs: "s3:ListJobs",
  DescribeJob: "s3:DescribeJob",
  UpdateJobStatus: "s3:UpdateJobStatus",
};

const notArchived: Verdict = {
  kind: "refused",
  hint: "the object is in no archive class: it can be read as it is",
};

const stillCold: Verdict = { kind: "refused", hint: "the object is archived: warm it up first" };

function each(codes: Iterable<string>, verdict: Verdict): Record<string, Verdict> {
  return Object.fromEntries([...codes].map((code) => [code, verdict]));
}

/** Codes that mean something else for one call. */
const byCall: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {
  RestoreObject: {
    ...each(NOT_ARCHIVED, notArchived),
    [NO_CAPACITY]: {
      kind: "refused",
      hint: "AWS has no capacity for this tier now: use the standard tier, or run again later",
    },
    NotImplemented: { kind: "refused", hint: "this store has no archive classes to warm up from" },
  },
};

const byCode: Readonly<Record<string, Verdict>> = {
  InvalidAccessKeyId: { kind: "denied", hint: keysHint },
  XAdminUserNotFound: { kind: "denied", hint: keysHint },
  SignatureDoesNotMatch: { kind: "denied", hint: `the secret key is wrong: ${keysHint}` },
  InvalidToken: { kind: "denied", hint: "AWS_SESSION_TOKEN does not belong to these keys" },
  ExpiredToken: { kind: "denied", hint: "renew the credentials (aws sso login) and run again" },
  ExpiredTokenException: {
    kind: "denied",
    hint: "renew the credentials (aws sso login) and run again",
  },
  RequestTimeTooSkewed: { kind: "denied", hint: "set the clock of this machine" },
  NoSuchBucket: { kind: "gone", hint: bucketHint },
  InvalidBucketName: { kind: "refused", hint: "correct the bucket in `repository`" },
  InvalidStorageClass: {
    kind: "refused",
    hint: "set `storage_class` to a class that this store has",
  },
  ...each(STILL_COLD, stillCold),
  AuthorizationHeaderMalformed: { kind: "refused", hint: "set `region` to the bucket's region" },
  KeyTooLongError: { kind: "refused", hint: "this store does not hold such long names" },
  "KMS.NotFoundException": { kind: "refused", hint: "correct `sse_kms_key`" },
  "KMS.DisabledException": { kind: "refused", hint: "enable the key of `sse_kms_key`" },
  NoSuchKey: { kind: "gone" },
  NoSuchVersion: { kind: "gone" },
  NoSuchUpload: { kind: "gone" },
  NotFound: { kind: "gone" },
  PreconditionFailed: { kind: "conflict" },
  NotFoundException: { kind: "gone" },
};

/** The kind of an error and what to do about it. */
export function verdictOf(operation: string, failure: Failure): Verdict {
  const known = byCall[operation]?.[failure.code] ?? byCode[failure.code];
  if (known !== undefined) return known;
  // The SDK's own: CredentialsProviderError, TokenProviderError.
  if (failure.code.endsWith("ProviderError")) return { kind: "denied", hint: noKeysHint };
  if (isRedirect(failure)) return { kind: "refused", hint: redirectHint(failure) };
  if (isDamaged(failure)) {
    return { kind: "damage", hint: "the network or a proxy changes what is sent: run again" };
  }
  if (isPassing(failure)) return { kind: "unreachable", hint: unreachableHint(failure) };
  return failure.status === undefined ? local(failure) : byStatus(operation, failure.status);
}

function byStatus(operation: string, status: number): Verdict {
  if (status === 401 || status === 403) {
    const permission = permissions[operation];
    return {
      kind: "denied",
      hint: permission === undefined
        ? "the credentials lack a permission"
        : `the credentials need ${permission}`,
    };
  }
  if (status === 404) return { kind: "gone" };
  if (status === 412) return { kind: "conflict" };
  if (status === 507) return { kind: "refused", hint: "the store is full" };
  if (status < 300) return { kind: "failed", hint: "`endpoint` does not answer as S3 does" };
  return { kind: "refused" };
}

function local(failure: Failure): Verdict {
  if (isCertificate(failure)) {
    return {
      kind: "unreachable",
      hint: "DENO_TLS_CA_STORE=system uses the system's certificates, DENO_CERT names one more; " +
        "`endpoint` begins with http:// where the store has no TLS",
    };
  }
  return { kind: "failed" };
}

function unreachableHint(failure: Failure): string {
  return failure.status === undefined
    ? "check `endpoint` and the network"
    : "the store is failing or overloaded: run again later";
}

function isRedirect(failure: Failure): boolean {
  return failure.code === "PermanentRedirect" || failure.status === 301 || failure.status === 307;
}

function redirectHint(failure: Failure): string {
  return failure.region === undefined
    ? "set `region` to the bucket's region"
    : `set \`region\` to "${failure.region}"`;
}
