import { HoldfastError } from "../core/error.ts";
import type { Layout } from "../core/event/event.ts";
import type { LockMode } from "../core/lock/object_lock.ts";
import { appendJobSection, planJobSection } from "./config_append.ts";
import { findConfig } from "./config_file.ts";
import { absolutePath } from "./local_path.ts";
import type { PreparedJob } from "./run_command.ts";
import type { GlobalOptions } from "./runner.ts";
import type { System } from "./system.ts";

export interface InitArguments {
  readonly source: readonly string[];
  readonly repository: string;
  readonly layout?: Layout;
  readonly recipient?: readonly string[];
  readonly encryption?: "age" | "none";
  readonly storageClass?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly forcePathStyle?: true;
  readonly passwordFile?: string;
  readonly lockFor?: string;
  readonly lockMode?: LockMode;
  readonly batchRole?: string;
}

/** Plans the job's section; it is written when `init` has succeeded. Throws kind "usage". */
export function prepareInit(
  system: System,
  globals: GlobalOptions,
  { source, recipient, passwordFile, lockFor: lock, ...settings }: InitArguments,
): PreparedJob {
  if (globals.job === undefined) {
    throw new HoldfastError("usage", "the job has no name", { hint: "add --job NAME" });
  }
  const place = { folder: system.cwd, home: system.home };
  const sources = source.map((text) => {
    const { name, path } = splitSource(text, "--source");
    return { name, path: isUrl(path) ? path : absolutePath(path, place) };
  });
  const found = findConfig(system, globals.config);
  const named = recipient === undefined ? {} : { recipients: recipient };
  const login = passwordFile === undefined
    ? {}
    : { passwordFile: absolutePath(passwordFile, place) };
  const locked = lock === undefined ? {} : { lock };
  const section = { name: globals.job, sources, ...settings, ...named, ...login, ...locked };
  const plan = planJobSection(system, found, section);
  return { job: plan.job, configFile: plan.file, finish: () => appendJobSection(plan) };
}

/** `NAME=PATH`; a path that holds a "=" is told apart by a "/" before it: `./a=b`. */
export function splitSource(text: string, option: string): { name: string; path: string } {
  const [, name, path] = /^([^/\\=]+)=(.*)$/s.exec(text) ?? [undefined, "", text];
  if (path === "") {
    throw new HoldfastError("usage", `${option}: ${JSON.stringify(text)} has no path`, {
      hint: "write NAME=PATH",
    });
  }
  return { name, path };
}

export function isUrl(path: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(path);
}
