import { parse, TomlError } from "smol-toml";
import { HoldfastError } from "../core/error.ts";
import { NO_LIMIT } from "../core/rate_limit.ts";
import { DEFAULT_MAX_DELETE } from "../core/scan/delete_guard.ts";
import { JOB_KEYS, type JobValues, LATER_KEYS } from "./config_keys.ts";
import { readClasses } from "./config_classes.ts";
import { readPrices } from "./config_prices.ts";
import { checkLayoutKeys, DEFAULT_PACK_SIZE, DEFAULT_PART_SIZE } from "./config_layout.ts";
import { type Problems, problemsOf } from "./config_problems.ts";
import { checkShareKeys, sharesConfig } from "./config_shares.ts";
import { readSources } from "./config_sources.ts";
import { isTable, readTable } from "./config_table.ts";
import { checkJobName, wanted } from "./config_values.ts";
import type { JobConfig } from "./job_config.ts";
import { absolutePath } from "./local_path.ts";
import { tomlLines, type TomlPath } from "./toml_lines.ts";

export interface Config {
  readonly file: string;
  readonly jobs: ReadonlyMap<string, JobConfig>;
}

export interface ConfigPlace {
  /** As it is shown in messages. */
  readonly file: string;
  /** Absolute folder that relative paths in the config start at. */
  readonly folder: string;
  /** What `~/` stands for. */
  readonly home: string;
}

/** Reads a config. Throws kind "usage" with every problem, each with file, line, key and a way out. */
export function parseConfig(text: string, place: ConfigPlace): Config {
  const root = parseToml(text, place.file);
  const problems = problemsOf(place.file, (path) => tomlLines(text)(path));
  for (const key of Object.keys(root)) {
    if (key !== "job" && key !== "prices") problems.add([key], "unknown table", topLevelHint(key));
  }
  const prices = readPrices(root.prices, problems);
  const jobs = new Map<string, JobConfig>();
  const sections = isTable(root.job) ? root.job : {};
  if (root.job !== undefined && !isTable(root.job)) {
    problems.add(["job"], "expected a table", "write [job.NAME] and its keys below");
  }
  for (const [name, section] of Object.entries(sections)) {
    const job = readJob(name, section, place, problems);
    if (job !== undefined) jobs.set(name, { ...job, prices });
  }
  problems.throwAny();
  return { file: place.file, jobs };
}

function topLevelHint(key: string): string {
  return key in JOB_KEYS || key === "sources" || LATER_KEYS.has(key)
    ? "put it below a header [job.NAME]"
    : "a config holds [job.NAME] sections and [[prices]] only";
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split("\n")[0].replace("Invalid TOML document: ", "");
    const hint = reason.includes("redefine")
      ? "write each key and each header once"
      : `look at column ${cause.column}; texts are in quotes: key = "value"`;
    throw new HoldfastError("usage", `${file}:${cause.line}: not TOML: ${reason}`, { hint });
  }
}

function readJob(
  name: string,
  section: unknown,
  place: ConfigPlace,
  problems: Problems,
): JobConfig | undefined {
  const path: TomlPath = ["job", name];
  const before = problems.count;
  problems.attempt(path, () => checkJobName(name));
  if (!isTable(section)) {
    problems.attempt(path, () => {
      throw wanted(`a section [job.${name}]`, section);
    });
    return undefined;
  }
  const { sources, classes, ...rest } = section;
  const values = readTable(JOB_KEYS, rest, path, problems, ["sources", "classes"]);
  const common = { exclude: values.exclude ?? [], include: values.include ?? [] };
  const read = readSources(sources, { path, place, common, login: values, problems });
  if (problems.count === before) checkShareKeys(values, read, path, problems);
  if (values.repository === undefined && rest.repository === undefined) {
    problems.add(path, "repository is missing", 'add repository = "s3://bucket/prefix"');
  }
  const rules = readClasses(classes, path, problems);
  checkTogether(values, section, path, problems);
  if (problems.count > before) return undefined;
  return { ...jobOf(name, values, read, JSON.stringify(section), place), classes: rules };
}

const S3_ONLY = [
  "endpoint",
  "region",
  "profile",
  "force_path_style",
  "sse",
  "sse_kms_key",
  "batch_role",
  "lock",
  "lock_mode",
] as const;

function checkTogether(
  values: JobValues,
  section: Readonly<Record<string, unknown>>,
  path: TomlPath,
  problems: Problems,
): void {
  checkLayoutKeys(values, section, path, problems);
  if (values.sse_kms_key !== undefined && values.sse !== "aws:kms") {
    problems.add([...path, "sse_kms_key"], "a KMS key without KMS", 'add sse = "aws:kms"');
  }
  if (values.lock_mode !== undefined && section.lock === undefined) {
    problems.add([...path, "lock_mode"], "a mode without a lock", 'add lock = "30d"');
  }
  if (values.repository?.kind === "folder") {
    for (const key of S3_ONLY) {
      if (values[key] === undefined) continue;
      const why = key === "lock"
        ? "a folder cannot lock what is in it: whoever can write there can delete it"
        : "has no meaning for a file:// repository";
      problems.add([...path, key], why, "remove this line");
    }
  }
}

const DEFAULT_CHUNK_THRESHOLD = 16 * 1024 * 1024;
/** Of S3: an archived object costs as much as about 40 KB more than its size (DESIGN section 3). */
const DEFAULT_MIN_ARCHIVE_SIZE = 128 * 1024;

function jobOf(
  name: string,
  values: JobValues,
  sources: JobConfig["sources"],
  text: string,
  place: ConfigPlace,
): Omit<JobConfig, "classes"> {
  const recipients = values.recipients ?? [];
  return {
    name,
    sources,
    repository: values.repository!,
    layout: values.layout ?? "mirror",
    recipients,
    encryption: recipients.length > 0 ? "age" : "none",
    storageClass: values.storage_class ?? "STANDARD",
    s3: {
      endpoint: values.endpoint,
      region: values.region,
      profile: values.profile,
      forcePathStyle: values.force_path_style ?? false,
      sse: values.sse,
      sseKmsKey: values.sse_kms_key,
      ...(values.batch_role === undefined ? {} : { batchRole: values.batch_role }),
    },
    ...(values.lock === undefined
      ? {}
      : { lock: { mode: values.lock_mode ?? "governance", ms: values.lock } }),
    maxDelete: values.max_delete ?? DEFAULT_MAX_DELETE,
    delete: values.delete ?? false,
    renames: values.renames ?? "auto",
    archivedRenames: values.archived_renames ?? "alias",
    archivedList: values.archived_list === undefined
      ? undefined
      : absolutePath(values.archived_list, place),
    maxCost: values.max_cost,
    tier: values.tier ?? "Bulk",
    days: values.days ?? 7,
    egress: values.egress ?? "internet",
    prices: [],
    limits: {
      upload: values.limit_upload ?? NO_LIMIT,
      download: values.limit_download ?? NO_LIMIT,
    },
    keep: {
      last: values.keep_last,
      daily: values.keep_daily,
      weekly: values.keep_weekly,
      monthly: values.keep_monthly,
      yearly: values.keep_yearly,
      within: values.keep_within,
    },
    ignoreFile: values.ignore_file ?? ".holdfastignore",
    oneFileSystem: values.one_file_system ?? false,
    trustMtime: values.trust_mtime ?? false,
    observations: values.observations ?? "changes",
    partSize: values.part_size ?? DEFAULT_PART_SIZE,
    packSize: values.pack_size ?? DEFAULT_PACK_SIZE,
    chunkThreshold: values.chunk_threshold ?? DEFAULT_CHUNK_THRESHOLD,
    minArchiveSize: values.min_archive_size ?? DEFAULT_MIN_ARCHIVE_SIZE,
    uploadWorkers: values.upload_workers ?? 4,
    shares: sharesConfig(values),
    logDir: values.log_dir === undefined ? undefined : absolutePath(values.log_dir, place),
    logKeep: values.log_keep ?? 30,
    text,
  };
}
