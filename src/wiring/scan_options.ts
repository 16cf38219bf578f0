import type { ScanOptions } from "../app/scan_context.ts";
import type { RunInput } from "../cli/runner.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";
import { takeSource } from "./early_source.ts";
import type { JobSource } from "./open_source.ts";
import { ownPaths } from "./own_paths.ts";

export interface JobScan extends ScanOptions {
  readonly source: JobSource;
}

/** How each of the job's sources is scanned. */
export function scanOptions(input: RunInput<unknown>, acceptDeletions: boolean): JobScan[] {
  const { job } = input;
  return job.sources.map((config) => {
    const { name, path, exclude, include, share } = config;
    return {
      ...{ name, path, source: takeSource(input, config) },
      rules: gitignoreRules({ exclude, include, ignoreFile: job.ignoreFile }),
      oneFileSystem: job.oneFileSystem,
      trustMtime: job.trustMtime,
      observeAll: job.observations === "all",
      maxDelete: job.maxDelete,
      acceptDeletions,
      own: share === undefined ? ownPaths(input, path) : new Set(),
    };
  });
}
