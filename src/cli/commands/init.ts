import { Option } from "@commander-js/extra-typings";
import { LOCK_MODES } from "../../core/lock/object_lock.ts";
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
  const lockMode = new Option(
    "--lock-mode <mode>",
    "governance, or compliance: nobody can ever shorten that",
  ).choices(LOCK_MODES);
  const command = program.command("init")
    .summary("make a repository and the job that backs up to it")
    .description(
      "Probes the store, makes the repository and this machine's database for it, and appends the " +
        "job to the config. Repeated, it finishes what an interrupted init began.",
    )
    .requiredOption(
      "--source <[name=]path>",
      "folder, file or smb://USER@HOST/SHARE/PATH to back up; several need names",
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
    .option("--password-file <file>", "file with the password of the smb:// sources")
    .option("--storage-class <class>", "S3 storage class of the files")
    .option("--endpoint <url>", "another S3 server than AWS")
    .option("--region <region>", "S3 region")
    .option("--profile <name>", "profile of the AWS config files")
    .option("--force-path-style", "put the bucket into the path, not the host name")
    .option(
      "--lock-for <duration>",
      "keep what is stored by S3 Object Lock for so long, such as 30d",
    )
    .addOption(lockMode)
    .option("--batch-role <arn>", "IAM role that S3 Batch Operations works as")
    .option("--print-policy", "print the bucket's setup and the IAM policy of each role, and end")
    .action(async ({ printPolicy, ...options }) => {
      const { prepareInit } = await import("../init_section.ts");
      if (printPolicy) {
        return await context.launch({
          name: "init",
          kind: "look",
          options: {},
          prepare: (system, globals) => ({ ...prepareInit(system, globals, options), finish() {} }),
          run: (runner, input) => runner.printPolicy(input),
        });
      }
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
    "$ holdfast init --job office --source smb://ann@nas/documents --password-file ~/.nas \\",
    "    --repository s3://my-bucket/office",
    "$ holdfast key generate --output /media/usb/archive.identity",
    "$ holdfast init --job archive --source ~/archive --repository s3://my-bucket/archive \\",
    "    --storage-class DEEP_ARCHIVE --layout pack --recipient age1…",
    "$ holdfast init --job photos --source /home/me/photos --repository s3://my-bucket/photos \\",
    "    --lock-for 30d --print-policy",
  ]);
}
