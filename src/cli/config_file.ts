import { dirname, join } from "node:path";
import { HoldfastError, messageOf } from "../core/error.ts";
import { nearest } from "../report/nearest.ts";
import { type Config, parseConfig } from "./config.ts";
import type { JobConfig } from "./job_config.ts";
import { absolutePath } from "./local_path.ts";
import { userConfigFile } from "./standard_places.ts";
import type { System } from "./system.ts";

/** The config named by `--config` or HOLDFAST_CONFIG, else the first that is there. */
export interface FoundConfig {
  /** Absolute. */
  readonly file: string;
  readonly present: boolean;
}

/**
 * Search order: `--config`, HOLDFAST_CONFIG, ./holdfast.toml, the user's config. Where none is
 * there it is the last, which is where `init` makes one.
 */
export function findConfig(system: System, option: string | undefined): FoundConfig {
  const place = { folder: system.cwd, home: system.home };
  const named = option ?? (system.env("HOLDFAST_CONFIG") || undefined);
  if (named !== undefined) {
    const file = absolutePath(named, place);
    return { file, present: isPresent(file) };
  }
  const user = userConfigFile(system);
  for (const file of [join(system.cwd, "holdfast.toml"), user]) {
    if (isPresent(file)) return { file, present: true };
  }
  return { file: user, present: false };
}

function isPresent(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** Throws kind "usage" where the file is absent, cannot be read or has errors. */
export function loadConfig(system: System, { file, present }: FoundConfig): Config {
  if (!present) {
    throw new HoldfastError("usage", `no config at ${file}`, {
      hint: "make one with holdfast init, or name one with --config FILE",
    });
  }
  return parseConfig(readConfigText(file), configPlace(system, file));
}

export function configPlace(system: System, file: string) {
  return { file, folder: dirname(file), home: system.home };
}

export function readConfigText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof TypeError ? "it is not UTF-8" : messageOf(cause);
    throw new HoldfastError("usage", `the config cannot be read: ${reason}`, {
      context: { file },
      hint: "check the file, or name another with --config FILE",
      cause,
    });
  }
}

/** The job called `name`, or the only one. Throws kind "usage". */
export function selectJob(config: Config, name: string | undefined): JobConfig {
  const names = [...config.jobs.keys()];
  if (names.length === 0) {
    throw new HoldfastError("usage", `${config.file} has no job`, {
      hint: "make one with holdfast init",
    });
  }
  if (name === undefined) {
    if (names.length === 1) return config.jobs.get(names[0])!;
    throw new HoldfastError("usage", `${config.file} has ${names.length} jobs`, {
      hint: `choose one: --job ${names.join(", --job ")}`,
    });
  }
  const job = config.jobs.get(name);
  if (job !== undefined) return job;
  const near = nearest(name, names);
  throw new HoldfastError("usage", `${config.file} has no job ${JSON.stringify(name)}`, {
    hint: near === undefined ? `it has: ${names.join(", ")}` : `did you mean ${near}?`,
  });
}
