import type { BatchRole } from "./batch_role.ts";

/** What a Batch job does with each object of its manifest. */
export type BatchOperation =
  | {
    readonly kind: "restore";
    /** Batch Operations has no Expedited. */
    readonly tier: "Bulk" | "Standard";
    /** Left out for Intelligent-Tiering, whose objects stay warm: with it each request fails. */
    readonly days?: number;
  }
  | { readonly kind: "checksum"; readonly algorithm: ChecksumAlgorithm };

export type ChecksumAlgorithm = "SHA256" | "CRC32";

/** A job that is to be made: all of it in the log before the request. */
export interface BatchJobRequest {
  readonly operation: BatchOperation;
  readonly manifest: BatchManifest;
  /** Up to 64 characters: a repeat with the same one makes no second job. */
  readonly token: string;
  /** Folder of the report, relative to the repository, without "/" at its end. */
  readonly report: string;
}

export interface BatchManifest {
  /** Relative to the repository. */
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Of the manifest itself, where the bucket keeps versions. */
  readonly version?: string;
  /** Its objects are named with their version IDs. */
  readonly versions: boolean;
}

/** Where jobs are made. */
export interface BatchPlace {
  readonly role: BatchRole;
  readonly bucket: string;
  /** "" or "prefix/". */
  readonly keyPrefix: string;
}

/** Higher goes first among the jobs of an account; a person's own may well go before. */
const PRIORITY = 10;

/**
 * The input of CreateJob (https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html),
 * in the service's own names.
 */
export function createJobInput({ role, bucket, keyPrefix }: BatchPlace, job: BatchJobRequest) {
  const { operation, manifest, token, report } = job;
  const bucketArn = `arn:${role.partition}:s3:::${bucket}`;
  return {
    AccountId: role.account,
    // Jobs of the console wait for a confirmation, those of the API need none.
    ConfirmationRequired: false,
    Operation: operationInput(operation),
    Report: {
      ...{ Bucket: bucketArn, Format: "Report_CSV_20180820" as const, Enabled: true },
      Prefix: keyPrefix + report,
      // The checksums are in the report; of requests only those that failed matter.
      ReportScope: operation.kind === "checksum" ? "AllTasks" as const : "FailedTasksOnly" as const,
      // Never into a bucket that somebody else has made under this name meanwhile.
      ExpectedBucketOwner: role.account,
    },
    ClientRequestToken: token,
    Manifest: {
      Spec: {
        Format: "S3BatchOperations_CSV_20180820" as const,
        Fields: [
          ...(["Bucket", "Key"] as const),
          ...(manifest.versions ? ["VersionId" as const] : []),
        ],
      },
      Location: {
        ObjectArn: `${bucketArn}/${keyPrefix}${manifest.key}`,
        ETag: manifest.etag,
        ...(manifest.version === undefined ? {} : { ObjectVersionId: manifest.version }),
      },
    },
    Description: `holdfast: ${operation.kind} ${token}`,
    Priority: PRIORITY,
    RoleArn: role.arn,
  };
}

function operationInput(operation: BatchOperation) {
  if (operation.kind === "checksum") {
    const { algorithm: ChecksumAlgorithm } = operation;
    return {
      S3ComputeObjectChecksum: { ChecksumAlgorithm, ChecksumType: "FULL_OBJECT" as const },
    };
  }
  const { tier, days } = operation;
  return {
    S3InitiateRestoreObject: {
      ...(days === undefined ? {} : { ExpirationInDays: days }),
      GlacierJobTier: tier === "Bulk" ? "BULK" as const : "STANDARD" as const,
    },
  };
}
