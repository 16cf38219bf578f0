import { createHash } from "node:crypto";
import { basename } from "node:path";
import { HoldfastError } from "../core/error.ts";
import { isSmbUrl, parseSmbUrl } from "../core/smb_url.ts";
import { checkOptions, type JobSection, sectionText } from "./config_append.ts";
import { configPlace, findConfig } from "./config_file.ts";
import { parseConfig } from "./config.ts";
import { isUrl, splitSource } from "./init_section.ts";
import type { JobConfig } from "./job_config.ts";
import { absolutePath } from "./local_path.ts";
import type { RepositoryPlace } from "./repository_url.ts";
import type { PreparedJob } from "./run_command.ts";
import type { GlobalOptions } from "./runner.ts";
import { stateFile } from "./state_file.ts";
import type { System } from "./system.ts";

/** A job that no config knows: its repository, and where it backs up, its sources. */
export interface UrlJobArguments {
  readonly url: string;
  /** As the repository's URL was given, for messages: `--to`, `--from`, `URL`. */
  readonly option: string;
  /** `[name=]path` each; [] where the job is only read. */
  readonly sources: readonly string[];
  readonly storageClass?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly forcePathStyle?: true;
  readonly passwordFile?: string;
}

/** Makes the job of a repository's URL, in place of a section of the config. Throws kind "usage". */
export function prepareUrlJob(
  system: System,
  globals: GlobalOptions,
  given: UrlJobArguments,
): PreparedJob {
  const { url, option, sources, passwordFile, ...s3 } = given;
  if (globals.config !== undefined) {
    throw new HoldfastError("usage", `--config and ${option} name two jobs`, {
      hint: "give one of them",
    });
  }
  const endpoint = s3.endpoint ?? (url.startsWith("s3:") ? environmentEndpoint(system) : undefined);
  const settings = {
    ...{ repository: url, ...s3 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(passwordFile === undefined ? {} : { passwordFile: absoluteFile(system, passwordFile) }),
  };
  const named = namedSources(system, sources);
  // A job without sources is read from a section with one, which is taken out again.
  const section = { ...settings, name: "job", sources: named.length > 0 ? named : [ROOT] };
  checkOptions({ ...section, name: globals.job ?? section.name }, {
    repository: option,
    source: "SRC",
  });
  const { file } = findConfig(system, undefined);
  const parsed = parseSection(section, system, file);
  const name = globals.job ?? stateName(parsed.repository, parsed.s3.endpoint);
  const job = { ...parsed, name };
  const whole = named.length > 0 ? job : withoutSources(job);
  const state = stateFile(system, name, globals.state);
  return { job: whole, configFile: file, notes: [`job ${name}, database ${state}`] };
}

function absoluteFile({ cwd, home }: System, file: string): string {
  return absolutePath(file, { folder: cwd, home });
}

const ROOT = { name: "", path: "/" };

function parseSection(section: JobSection, system: System, file: string): JobConfig {
  const place = { ...configPlace(system, file), file: "the options" };
  return parseConfig(sectionText(section), place).jobs.get(section.name)!;
}

function withoutSources(job: JobConfig): JobConfig {
  const { sources: _, ...settings } = JSON.parse(job.text);
  return { ...job, sources: [], text: JSON.stringify(settings) };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function environmentEndpoint(system: System): string | undefined {
  return (system.env("AWS_ENDPOINT_URL_S3") || system.env("AWS_ENDPOINT_URL")) || undefined;
}

/**
 * Name of the job, and so of its database: the URL's last part as far as it can stand in a name, and
 * the first 12 hex digits of the SHA-256 of URL, newline and endpoint ("" for none). Sources are no
 * part of it: whoever restores or rebuilds knows the URL alone, and a repository has one job.
 */
export function stateName({ url }: RepositoryPlace, endpoint: string | undefined): string {
  const digest = createHash("sha256").update(`${url}\n${endpoint ?? ""}`).digest("hex");
  const word = url.split("/").at(-1)!.toLowerCase().replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "").slice(0, 40).replace(/-+$/, "");
  return `${word === "" ? "job" : word}-${digest.slice(0, 12)}`;
}

function lastName(path: string): string {
  if (!isSmbUrl(path)) return basename(path);
  const { share, path: below } = parseSmbUrl(path);
  return below.at(-1) ?? share;
}

/** One source has no name; each of several is called as it says, or as its folder is. */
function namedSources(
  system: System,
  given: readonly string[],
): { name: string; path: string }[] {
  const place = { folder: system.cwd, home: system.home };
  const sources = given.map((text) => {
    const { name, path } = splitSource(text, "SRC");
    return { name, path: isUrl(path) ? path : absolutePath(path, place) };
  });
  if (sources.length < 2) return sources;
  const named = sources.map(({ name, path }) => ({ name: name || lastName(path), path }));
  for (const [i, { name, path }] of named.entries()) {
    const hint = "give each source a name of its own: NAME=PATH";
    if (name === "") {
      throw new HoldfastError("usage", `the source ${path} has no name of its own`, { hint });
    }
    const other = named.slice(0, i).find((before) => before.name === name);
    if (other === undefined) continue;
    throw new HoldfastError("usage", `${other.path} and ${path} would both be called ${name}`, {
      hint,
    });
  }
  return named;
}
