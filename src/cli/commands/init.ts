import { Option } from "@commander-js/extra-typings";
import type { RootCommand } from "../root_command.ts";
import { addExample, collected, type CommandContext } from "../command_context.ts";

/** `holdfast init`: makes the repository, the database and the job's section of the config. */
export function addInit(program: RootCommand, context: CommandContext): void {
  const layout = new Option("--layout <layout>", "one object a file, or many files in a pack")
    .choices(["mirror", "pack"] as const);
  const encryption = new Option(
    "--encryption <way>",
    "age where there are recipients; packs need them, or none",
  ).choices(["age", "none"] as const);
  const command = program.command("init")
    .summary("make a repository and the job that backs up to it")
    .description(
      "Probes the store, makes the repository and this machine's database for it, and appends the " +
        "job to the config. Repeated, it finishes what an interrupted init began.",
    )
    .requiredOption(
      "--source <[name=]path>",
      "folder or file to back up; several need names",
      collected,
    )
    .requiredOption("--repository <url>", "s3://bucket/prefix or file:///folder")
    .addOption(layout)
    .option(
      "--recipient <recipient>",
      "age recipient to encrypt for, as key generate prints it; may be repeated",
      collected,
    )
    .addOption(encryption)
    .option("--storage-class <class>", "S3 storage class of the files")
    .option("--endpoint <url>", "another S3 server than AWS")
    .option("--region <region>", "S3 region")
    .option("--profile <name>", "profile of the AWS config files")
    .option("--force-path-style", "put the bucket into the path, not the host name")
    .action(async (options) => {
      const { prepareInit } = await import("../init_section.ts");
      await context.launch({
        name: "init",
        kind: "run",
        options: {},
        prepare: (system, globals) => prepareInit(system, globals, options),
        run: (runner, input) => runner.init(input),
      });
    });
  addExample(command, [
    "$ holdfast init --job photos --source /home/me/photos --repository s3://my-bucket/photos",
    "$ holdfast init --job home --source docs=~/Documents --source mail=~/Mail \\",
    "    --repository file:///mnt/backup/home",
    "$ holdfast key generate --output /media/usb/archive.identity",
    "$ holdfast init --job archive --source ~/archive --repository s3://my-bucket/archive \\",
    "    --storage-class DEEP_ARCHIVE --layout pack --recipient age1…",
  ]);
}
