import { addExample, type CommandContext } from "../command_context.ts";
import { parsePath } from "../path_argument.ts";
import type { RootCommand } from "../root_command.ts";
import { addStateOptions, stateName } from "../state_options.ts";

/** `holdfast ls`. */
export function addLs(program: RootCommand, context: CommandContext): void {
  const ls = program.command("ls")
    .summary("list entries that are backed up")
    .description(
      "Lists the entries of a folder, or one entry, as they were in the newest snapshot or at " +
        "another time. Bytes that are not text are printed as \\xNN, and are read so again.",
    )
    .argument("[path]", "folder or entry; the root of the job if left out")
    .option("-r, --recursive", "with all that is in the folders")
    .option("-l, --long", "with mode, owner, size and time");
  const command = addStateOptions(ls, context).action(async (path, options) =>
    await context.launch({
      name: "ls",
      kind: "look",
      options: {
        path: parsePath(path ?? ""),
        state: stateName(options),
        recursive: options.recursive ?? false,
        long: options.long ?? false,
      },
      run: (runner, input) => runner.ls(input),
    })
  );
  addExample(command, ["$ holdfast ls --long docs", "$ holdfast ls --recursive --at 2026-05-01"]);
}
