import { addDownloadLimit, addMaxCost, overridden } from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast adopt`. */
export function addAdopt(program: RootCommand, context: CommandContext): void {
  const command = program.command("adopt")
    .summary("take over what another tool has put under the prefix, one object a file")
    .description(
      "For a prefix that s3cmd, rclone or aws s3 sync has filled: run init for it, then adopt. Scans " +
        "the sources, lists the prefix, and takes each object for stored that lies under its file's " +
        "very key and has its content: by the ETag where that is an MD5, the store's checksums, or " +
        "the MD5 that the tool has noted; where there are none, by size and the noted modification " +
        "time, and says so. The source is read, the store is not. What differs or is not there is " +
        "left for the next backup; what the source does not have is listed and stays. With --dry-run " +
        "it prints the plan and its price.",
    )
    .option("--read", "read the objects of which no checksum tells what they hold");
  addDownloadLimit(command);
  addMaxCost(command);
  command.action(() => {
    const options = command.opts();
    return context.launch({
      name: "adopt",
      kind: "run",
      options: { read: options.read === true },
      adjust: overridden(options),
      run: (runner, input) => runner.adopt(input),
    });
  });
  addExample(command, [
    "$ holdfast init --job photos --source ~/photos --repository s3://my-bucket/photos",
    "$ holdfast adopt --dry-run",
    "$ holdfast adopt",
    "$ holdfast backup",
  ]);
}
