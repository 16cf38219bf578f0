import { dirname } from "node:path";
import { HoldfastError, isKind, messageOf } from "../core/error.ts";
import type { Layout } from "../core/event/event.ts";
import type { LockMode } from "../core/lock/object_lock.ts";
import { configPlace, type FoundConfig, readConfigText } from "./config_file.ts";
import { JOB_KEYS } from "./config_keys.ts";
import { encryptionProblem } from "./config_layout.ts";
import { checkJobName, readSourceName } from "./config_values.ts";
import { parseConfig } from "./config.ts";
import type { JobConfig } from "./job_config.ts";
import { tomlLines } from "./toml_lines.ts";
import type { System } from "./system.ts";

/** The settings that `init` writes; what is undefined is left out of the section. */
export interface JobSection {
  readonly name: string;
  readonly sources: readonly { readonly name: string; readonly path: string }[];
  readonly repository: string;
  readonly layout?: Layout;
  readonly recipients?: readonly string[];
  readonly encryption?: "age" | "none";
  readonly storageClass?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly forcePathStyle?: boolean;
  readonly passwordFile?: string;
  readonly lock?: string;
  readonly lockMode?: LockMode;
  readonly batchRole?: string;
}

export interface SectionPlan {
  readonly file: string;
  readonly job: JobConfig;
  /** What `appendJobSection` will add; "" where the section is there already. */
  readonly addition: string;
}

/**
 * Checks the section against the config, writing nothing. Throws kind "usage" where a setting is
 * wrong, the config has errors, or a job of that name is there with other settings.
 */
export function planJobSection(
  system: System,
  found: FoundConfig,
  section: JobSection,
): SectionPlan {
  const { file } = found;
  checkOptions(section);
  const text = sectionText(section);
  const options = { ...configPlace(system, file), file: "the options" };
  const job = parseConfig(text, options).jobs.get(section.name)!;
  const present = found.present ? readConfigText(file) : "";
  const existing = parseConfig(present, configPlace(system, file)).jobs.get(section.name);
  if (existing === undefined) {
    const gap = present === "" ? "" : present.endsWith("\n") ? "\n" : "\n\n";
    return { file, job, addition: gap + text };
  }
  if (!sameSettings(existing, job)) {
    const line = tomlLines(present)(["job", section.name]);
    throw new HoldfastError(
      "usage",
      `${file}:${line}: job ${section.name} is there with other settings`,
      { hint: "init never rewrites a section: edit it there, or choose another --job" },
    );
  }
  return { file, job: existing, addition: "" };
}

/** Appends what was planned; makes the file (0600) and its folder (0700) where they are missing. */
export function appendJobSection(plan: SectionPlan): void {
  if (plan.addition === "") return;
  try {
    Deno.mkdirSync(dirname(plan.file), { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(plan.file, plan.addition, { append: true, mode: 0o600 });
  } catch (cause) {
    throw new HoldfastError("failed", `the config cannot be written: ${messageOf(cause)}`, {
      context: { file: plan.file },
      hint: "make it writable and repeat the command",
      cause,
    });
  }
}

/** TOML of one `[job.NAME]` section. */
export function sectionText(section: JobSection): string {
  const settings: [string, string | boolean | readonly string[] | undefined][] = [
    ["repository", section.repository],
    ["layout", section.layout],
    ["recipients", section.recipients],
    ["encryption", section.encryption],
    ["storage_class", section.storageClass],
    ["endpoint", section.endpoint],
    ["region", section.region],
    ["profile", section.profile],
    ["force_path_style", section.forcePathStyle || undefined],
    ["password_file", section.passwordFile],
    ["lock", section.lock],
    ["lock_mode", section.lockMode],
    ["batch_role", section.batchRole],
  ];
  return [
    `[job.${/^[A-Za-z0-9_-]+$/.test(section.name) ? section.name : tomlText(section.name)}]`,
    `sources = [${section.sources.map(sourceText).join(", ")}]`,
    ...settings.filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key} = ${valueText(value!)}`),
    "",
  ].join("\n");
}

function valueText(value: string | boolean | readonly string[]): string {
  if (typeof value === "boolean") return `${value}`;
  return typeof value === "string" ? tomlText(value) : `[${value.map(tomlText).join(", ")}]`;
}

function sourceText({ name, path }: { name: string; path: string }): string {
  if (name === "") return tomlText(path);
  return `{ name = ${tomlText(name)}, path = ${tomlText(path)} }`;
}

/** A TOML basic string; JSON's escapes are TOML's, but for DEL, which TOML wants escaped too. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

/** Equal in what init can set; patterns and the like may have been added by hand since. */
function sameSettings(a: JobConfig, b: JobConfig): boolean {
  const settings = (job: JobConfig) => [
    job.sources.map(({ name, path, share }) => [name, path, share?.login]),
    job.repository,
    job.layout,
    job.recipients.toSorted(),
    job.storageClass,
    job.s3.endpoint,
    job.s3.region,
    job.s3.profile,
    job.s3.forcePathStyle,
    job.lock,
  ];
  return JSON.stringify(settings(a)) === JSON.stringify(settings(b));
}

/** What the options of a section are called in messages. */
export interface OptionNames {
  readonly repository: string;
  readonly source: string;
}

const INIT_OPTIONS: OptionNames = { repository: "--repository", source: "--source" };

/** The same checks as the config's, but naming the option instead of a line. */
export function checkOptions(section: JobSection, names: OptionNames = INIT_OPTIONS): void {
  const checks: [string, () => unknown][] = [
    ["--job", () => checkJobName(section.name)],
    [names.repository, () => JOB_KEYS.repository(section.repository)],
    ...section.sources.map(({ name }): [string, () => unknown] => [
      names.source,
      () => checkSource(name, section.sources.length),
    ]),
  ];
  const { storageClass, endpoint, recipients, lock } = section;
  if (lock) checks.push(["--lock-for", () => JOB_KEYS.lock(lock)]);
  if (recipients) checks.push(["--recipient", () => JOB_KEYS.recipients(recipients)]);
  if (storageClass) checks.push(["--storage-class", () => JOB_KEYS.storage_class(storageClass)]);
  if (endpoint) checks.push(["--endpoint", () => JOB_KEYS.endpoint(endpoint)]);
  for (const [option, check] of checks) named(option, check);
  checkEncryption(section);
}

function checkEncryption(section: JobSection): void {
  const problem = encryptionProblem(section);
  if (problem === undefined) return;
  throw new HoldfastError("usage", `--${problem.key}: ${problem.what}`, {
    hint: problem.way === "contradiction"
      ? "leave --encryption or --recipient out"
      : "make a key with `holdfast key generate --output FILE` and add --recipient with what it " +
        "prints; or add --encryption none on purpose: then everyone who can read the repository " +
        "can read all of it",
  });
}

function checkSource(name: string, count: number): void {
  if (name !== "") readSourceName(name);
  else if (count > 1) {
    throw new HoldfastError("usage", "a source of several needs a name", {
      hint: "write --source NAME=PATH for each",
    });
  }
}

function named(option: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!isKind(error, "usage")) throw error;
    throw new HoldfastError("usage", `${option}: ${error.message}`, {
      context: error.context,
      hint: error.hint,
    });
  }
}
