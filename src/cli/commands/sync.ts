import {
  addBackupOptions,
  type BackupArguments,
  backupOptions,
  overridden,
} from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { addS3Options, type S3Options, s3OptionsOf, storageClassOption } from "../s3_options.ts";
import { addShareOptions, type ShareOptions, shareOptionsOf } from "../share_options.ts";

/** `holdfast sync SRC URL`. */
export function addSync(program: RootCommand, context: CommandContext): void {
  const command = program.command("sync")
    .summary("back up one folder to a URL, without a config")
    .description(
      "Backs SRC up to URL in the mirror layout: one object a file, under its path. It is backup " +
        "without a config, and on an empty prefix makes the repository as init does. Objects of files " +
        "that are gone stay, unless --delete is given.",
    )
    .argument("<src>", "folder, file or smb://USER@HOST/SHARE/PATH to back up")
    .argument("<url>", "s3://bucket/prefix or file:///folder");
  addBackupOptions(command);
  command.addOption(storageClassOption());
  addS3Options(command);
  addShareOptions(command);
  command.action(async (source, url) => {
    const options: BackupArguments & S3Options & ShareOptions & { readonly storageClass?: string } =
      command
        .opts();
    const { prepareUrlJob } = await import("../url_job.ts");
    const { storageClass } = options;
    await context.launch({
      name: "sync",
      kind: "run",
      options: backupOptions(options, true),
      adjust: overridden(options),
      prepare: (system, globals) =>
        prepareUrlJob(system, globals, {
          ...{ url, option: "URL", sources: [source] },
          ...s3OptionsOf(options),
          ...shareOptionsOf(options),
          ...(storageClass === undefined ? {} : { storageClass }),
        }),
      run: (runner, input) => runner.backup(input),
    });
  });
  addExample(command, [
    "$ holdfast sync ~/Pictures s3://my-bucket/pictures",
    "$ holdfast sync ~/Pictures s3://my-bucket/pictures --delete --dry-run",
  ]);
}
