import { Option } from "@commander-js/extra-typings";
import { HoldfastError } from "../../core/error.ts";
import {
  addBackupOptions,
  type BackupArguments,
  backupOptions,
  overridden,
} from "../backup_options.ts";
import { addExample, type CommandContext, type Extensible } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import {
  addS3Options,
  grouped,
  refuseS3Options,
  type S3Options,
  s3OptionsOf,
  storageClassOption,
} from "../s3_options.ts";
import {
  addShareOptions,
  refuseShareOptions,
  type ShareOptions,
  shareOptionsOf,
} from "../share_options.ts";

/** `holdfast backup`. */
export function addBackup(program: RootCommand, context: CommandContext): void {
  const command = program.command("backup")
    .summary("back up what is new or changed")
    .description(
      "Scans the job's sources and uploads what is new or changed. With --dry-run it prints the " +
        "plan and changes nothing. With SRC and --to it needs no config: on an empty prefix it makes " +
        "the repository as init does.",
    )
    .argument("[src...]", "with --to: folders, files or shares to back up, [name=]path");
  addBackupOptions(command);
  addToOptions(command);
  command.action(async (sources) => {
    const options: BackupArguments & ToOptions = command.opts();
    const { to } = options;
    if (to === undefined) refuseWithoutTo(sources, options);
    else if (sources.length === 0) throw noSources();
    const { prepareUrlJob } = await import("../url_job.ts");
    await context.launch({
      name: "backup",
      kind: "run",
      options: backupOptions(options, to !== undefined),
      adjust: overridden(options),
      ...(to === undefined ? {} : {
        prepare: (system, globals) =>
          prepareUrlJob(system, globals, {
            ...{ url: to, option: "--to", sources },
            ...s3OptionsOf(options),
            ...shareOptionsOf(options),
            ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
          }),
      }),
      run: (runner, input) => runner.backup(input),
    });
  });
  addExample(command, [
    "$ holdfast backup --job photos",
    "$ holdfast backup --dry-run",
    "$ holdfast backup ~/Documents --to s3://my-bucket/documents",
  ]);
}

interface ToOptions extends S3Options, ShareOptions {
  readonly to?: string;
  readonly storageClass?: string;
}

function addToOptions(command: Extensible): void {
  command.addOption(grouped(new Option("--to <url>", "s3://bucket/prefix or file:///folder")));
  command.addOption(storageClassOption());
  addS3Options(command);
  addShareOptions(command);
}

function refuseWithoutTo(
  sources: readonly string[],
  options: ToOptions,
): void {
  if (sources.length > 0) {
    throw new HoldfastError("usage", `no repository to back ${sources.join(", ")} up to`, {
      hint: "add --to URL, or leave the sources out to back up a job of the config",
    });
  }
  if (options.storageClass !== undefined) {
    throw new HoldfastError("usage", "--storage-class has no meaning without --to", {
      hint: "set `storage_class` in the job's section",
    });
  }
  refuseS3Options(options, "--to");
  refuseShareOptions(options, "--to");
}

function noSources(): HoldfastError {
  return new HoldfastError("usage", "--to says where, and nothing says what to back up", {
    hint: "write holdfast backup SRC --to URL",
  });
}
