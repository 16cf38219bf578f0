import { readBatchRole } from "../core/batch/batch_role.ts";
import { HoldfastError } from "../core/error.ts";
import {
  readChoice,
  readDuration,
  readExceptions,
  readFileName,
  readFlag,
  readMaxDelete,
  readPatterns,
  readRateLimit,
  readRecipients,
  readSize,
  readSourceName,
  readText,
  readUsd,
  type ReadValue,
  readWhole,
} from "./config_values.ts";
import { type Tier, tierNamed } from "../core/cold/restore_state.ts";
import { LOCK_MODES } from "../core/lock/object_lock.ts";
import { ARCHIVED_RENAMES, RENAME_MODES } from "../core/plan/rename_plan.ts";
import { parseRepositoryUrl } from "./repository_url.ts";

const MIB = 1024 * 1024;
/** Of an object (reference: S3 limits). */
const MOST_BYTES = 50 * MIB * MIB;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, x-amz-storage-class */
export const STORAGE_CLASSES = [
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
  "REDUCED_REDUNDANCY",
  "EXPRESS_ONEZONE",
] as const;

/** How to sign in at a share: of a job, or of one source. */
const LOGIN_KEYS = {
  auth: readChoice("password", "kerberos", "guest"),
  password_file: readText,
  password_env: readText,
} satisfies Record<string, ReadValue<unknown>>;

export type LoginValues = ValuesOf<typeof LOGIN_KEYS>;

/** Of INTELLIGENT_TIERING, as HEAD's `x-amz-archive-status` says them: prices have them as classes. */
export const ARCHIVE_TIERS = ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] as const;

/** The keys of `[job.NAME]` and how each is read (DESIGN section 10). `sources` is read apart. */
export const JOB_KEYS = {
  repository: (value: unknown) => parseRepositoryUrl(readText(value)),
  layout: readChoice("mirror", "pack"),
  recipients: readRecipients,
  encryption: readChoice("age", "none"),
  compression: readChoice("zstd", "none"),
  storage_class: readChoice(...STORAGE_CLASSES),
  endpoint: readEndpoint,
  region: readText,
  profile: readText,
  force_path_style: readFlag,
  sse: readChoice("AES256", "aws:kms"),
  sse_kms_key: readText,
  batch_role: (value: unknown) => readBatchRole(readText(value)),
  delete: readFlag,
  max_delete: readMaxDelete,
  renames: readChoice(...RENAME_MODES),
  archived_renames: readChoice(...ARCHIVED_RENAMES),
  archived_list: readText,
  max_cost: readUsd,
  egress: readChoice("internet", "none"),
  limit_upload: readRateLimit,
  limit_download: readRateLimit,
  exclude: readPatterns,
  include: readExceptions,
  ignore_file: readFileName,
  one_file_system: readFlag,
  trust_mtime: readFlag,
  observations: readChoice("changes", "all"),
  part_size: readSize(5 * MIB, 5 * 1024 * MIB, "5 MiB to 5 GiB"),
  pack_size: readSize(16 * MIB, 64 * 1024 * MIB, "16 MiB to 64 GiB"),
  // A file above the largest chunk makes at least two; no TAR member is larger than 16 MiB.
  chunk_threshold: readSize(4 * MIB, 16 * MIB, "4 MiB to 16 MiB"),
  min_archive_size: readSize(0, 1024 * MIB, "0 to 1 GiB"),
  upload_workers: readWhole(1, 64),
  tier: readTier,
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreRequest.html names no most.
  days: readWhole(1, 36_500),
  keep_last: readWhole(1, 1_000_000),
  keep_daily: readWhole(1, 1_000_000),
  keep_weekly: readWhole(1, 1_000_000),
  keep_monthly: readWhole(1, 1_000_000),
  keep_yearly: readWhole(1, 1_000_000),
  keep_within: readDuration,
  lock: readDuration,
  lock_mode: readChoice(...LOCK_MODES),
  log_dir: readText,
  log_keep: readWhole(1, 100_000),
  ...LOGIN_KEYS,
  smb_connections: readWhole(1, 16),
  smb_encryption: readChoice("negotiated", "required"),
  smb_acls: readFlag,
  smb_streams: readFlag,
  smb_snapshot: readSnapshot,
} satisfies Record<string, ReadValue<unknown>>;

/** The keys of `[[job.NAME.classes]]`. */
export const CLASS_KEYS = {
  class: readChoice(...STORAGE_CLASSES),
  match: readPatterns,
  min_size: readSize(0, MOST_BYTES, "0 to 50 TiB"),
  max_size: readSize(0, MOST_BYTES, "0 to 50 TiB"),
  older_than: readDuration,
} satisfies Record<string, ReadValue<unknown>>;

/** The keys of a source that is a table. */
export const SOURCE_KEYS = {
  path: readText,
  name: readSourceName,
  exclude: readPatterns,
  include: readExceptions,
  ...LOGIN_KEYS,
} satisfies Record<string, ReadValue<unknown>>;

export type ValuesOf<Keys extends Record<string, ReadValue<unknown>>> = {
  [key in keyof Keys]?: ReturnType<Keys[key]>;
};

export type JobValues = ValuesOf<typeof JOB_KEYS>;

/** Keys that later versions know. */
export const LATER_KEYS: ReadonlySet<string> = new Set([
  "log_store",
  "rehash",
]);

/** "latest", or the name of a previous version. */
function readSnapshot(value: unknown): string {
  const text = readText(value);
  if (text === "latest" || /^@GMT-\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d$/.test(text)) return text;
  throw new HoldfastError("usage", "neither latest nor the name of a previous version", {
    hint: 'write "latest", or "@GMT-2026.05.01-12.00.00" as the server has it',
  });
}

const readTierName = readChoice("bulk", "standard", "expedited");

function readTier(value: unknown): Tier {
  return tierNamed(readTierName(value));
}

function readEndpoint(value: unknown): string {
  const text = readText(value);
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(text)) {
    throw new HoldfastError("usage", "expected http:// or https:// and a host, no path, no user", {
      hint: "such as https://s3.example.com:9000",
    });
  }
  return text.replace(/\/$/, "");
}
