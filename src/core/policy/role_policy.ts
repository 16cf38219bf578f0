import type { BatchRole } from "../batch/batch_role.ts";
import type { LockSetting } from "../lock/object_lock.ts";

/** Where the policies are for. */
export interface PolicyPlace {
  readonly bucket: string;
  /** Without slashes at its ends; "" for the whole bucket. */
  readonly prefix: string;
  /** AWS's region code, where it is known: China and GovCloud name buckets another way. */
  readonly region?: string | undefined;
  readonly lock?: LockSetting | undefined;
  /** That S3 Batch Operations works as; undefined: it is not used. */
  readonly batchRole?: BatchRole | undefined;
}

export type Role = "backup_only" | "restore" | "prune";
/** "batch_operations" is of the role that AWS works as, where the job names one. */
export type RolePolicies =
  & Readonly<Record<Role, Policy>>
  & { readonly batch_operations?: Policy };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/**
 * The least that each role needs. The backup's can neither read nor delete a version that was stored
 * before: what it reads is repository.json, the log and the renames objects, to see where it stands.
 */
export function rolePolicies(place: PolicyPlace): RolePolicies {
  const { batchRole } = place;
  const shipped = [".holdfast/log/*", ...batchRole === undefined ? [] : [MANIFESTS]];
  return {
    backup_only: policy(
      list(place),
      allow(place, "Store", ["s3:PutObject", ...UPLOADS], ["*"]),
      allow(place, "SeeWhereTheLogStands", ["s3:GetObject"], OWN),
      ...seeLocks(place),
      ...lockStatements(place, ["*"]),
    ),
    restore: policy(
      list(place),
      allow(place, "Read", ["s3:GetObject", "s3:GetObjectVersion"], ["*"]),
      allow(place, "WarmUp", ["s3:RestoreObject"], ["*"]),
      allow(place, "ShipItsOwnLog", ["s3:PutObject"], shipped),
      ...lockStatements(place, shipped),
      ...batchStatements(place),
    ),
    prune: policy(
      list(place),
      bucketOnly(place, "LookAtTheBucket", [
        "s3:GetLifecycleConfiguration",
        "s3:ListBucketMultipartUploads",
      ]),
      allow(place, "Read", ["s3:GetObject", "s3:GetObjectVersion"], ["*"]),
      allow(place, "Store", ["s3:PutObject", ...UPLOADS], ["*"]),
      allow(place, "Delete", ["s3:DeleteObject", "s3:DeleteObjectVersion"], ["*"]),
      ...seeLocks(place),
      ...lockStatements(place, ["*"]),
      ...batchStatements(place),
    ),
    ...(batchRole === undefined ? {} : {
      batch_operations: policy(
        allow(place, "Read", ["s3:GetObject", "s3:GetObjectVersion"], ["*"]),
        allow(place, "WarmUp", ["s3:RestoreObject"], ["*"]),
        allow(place, "Report", ["s3:PutObject"], [MANIFESTS]),
      ),
    }),
  };
}

const UPLOADS = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];
const MANIFESTS = ".holdfast/batch/*";
const OWN = [".holdfast/repository.json", ".holdfast/log/*", ".holdfast/renames/*"];

function policy(...statements: Statement[]): Policy {
  return { Version: "2012-10-17", Statement: statements };
}

function list(place: PolicyPlace): Statement {
  const { prefix } = place;
  const statement = bucketOnly(place, "List", ["s3:ListBucket"]);
  return prefix === ""
    ? statement
    : { ...statement, Condition: { StringLike: { "s3:prefix": [`${prefix}/*`] } } };
}

function bucketOnly(place: PolicyPlace, Sid: string, Action: readonly string[]): Statement {
  return { Sid, Effect: "Allow", Action, Resource: [bucketArn(place)] };
}

function allow(
  place: PolicyPlace,
  Sid: string,
  Action: readonly string[],
  keys: readonly string[],
): Statement {
  const start = place.prefix === "" ? "" : `${place.prefix}/`;
  const Resource = keys.map((key) => `${bucketArn(place)}/${start}${key}`);
  return { Sid, Effect: "Allow", Action, Resource };
}

const DAY = 86_400_000;

function seeLocks(place: PolicyPlace): Statement[] {
  return place.lock === undefined
    ? []
    : [allow(place, "SeeLocks", ["s3:GetObjectRetention"], ["*"])];
}

/** Locks only as long as the job's: whoever steals the key cannot lock anything for a hundred years. */
function lockStatements(place: PolicyPlace, keys: readonly string[]): Statement[] {
  const { lock } = place;
  if (lock === undefined) return [];
  const days = String(Math.ceil(lock.ms / DAY) + 1);
  return [
    {
      ...allow(place, "Lock", ["s3:PutObjectRetention"], keys),
      Condition: {
        NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": days },
      },
    },
  ];
}

/** CreateJob and ListJobs know no resource: https://docs.aws.amazon.com/service-authorization/. */
function batchStatements({ batchRole, region = "*" }: PolicyPlace): Statement[] {
  if (batchRole === undefined) return [];
  const { arn, partition, account } = batchRole;
  const grant = (Sid: string, Action: string[], Resource: string): Statement => ({
    ...{ Sid, Effect: "Allow", Action, Resource: [Resource] },
  });
  return [
    grant("MakeBatchJobs", ["s3:CreateJob", "s3:ListJobs"], "*"),
    grant(
      "FollowBatchJobs",
      ["s3:DescribeJob", "s3:UpdateJobStatus"],
      `arn:${partition}:s3:${region}:${account}:job/*`,
    ),
    grant("PassTheRole", ["iam:PassRole"], arn),
  ];
}

function bucketArn({ bucket, region = "" }: PolicyPlace): string {
  const partition = region.startsWith("cn-")
    ? "aws-cn"
    : region.startsWith("us-gov-")
    ? "aws-us-gov"
    : "aws";
  return `arn:${partition}:s3:::${bucket}`;
}
