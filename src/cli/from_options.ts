import { Option } from "@commander-js/extra-typings";
import type { RootCommand } from "./root_command.ts";
import type { ParsedCommand } from "./run_command.ts";
import {
  addS3Options,
  grouped,
  refuseS3Options,
  type S3Options,
  s3OptionsOf,
} from "./s3_options.ts";

export interface FromOptions extends S3Options {
  readonly from?: string;
}

/** They have a URL of their own, or no job at all. */
const WITHOUT_FROM = new Set([
  ...["init", "backup", "sync", "adopt", "decrypt", "key", "completions", "help"],
]);

/** `--from URL`, with which every other command works without a config. */
export function addFromOptions(program: RootCommand): void {
  for (const command of program.commands) {
    if (WITHOUT_FROM.has(command.name())) continue;
    command.addOption(
      grouped(new Option("--from <url>", "the repository, in place of a job of the config")),
    );
    addS3Options(command);
  }
}

/** By the name in `opts()`: those of a command that the commands below it have, too. */
export function isSharedOption(name: string): boolean {
  return ["from", "endpoint", "region", "profile", "forcePathStyle", "identity"].includes(name);
}

/** The command with its job found by `--from`, where the options hold one. */
export async function withFrom<Options>(
  command: ParsedCommand<Options>,
  options: FromOptions,
): Promise<ParsedCommand<Options>> {
  if (command.prepare !== undefined) return command;
  const { from } = options;
  if (from === undefined) {
    refuseS3Options(options, "--from");
    return command;
  }
  const { prepareUrlJob } = await import("./url_job.ts");
  return {
    ...command,
    prepare: (system, globals) =>
      prepareUrlJob(system, globals, {
        ...{ url: from, option: "--from", sources: [] },
        ...s3OptionsOf(options),
      }),
  };
}
