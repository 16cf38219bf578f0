import { HoldfastError } from "../../core/error.ts";
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
    .option("-l, --long", "with mode, owner, size and time")
    .option("--remote", "list the store's own objects instead; path is how their keys begin");
  const command = addStateOptions(ls, context).action(async (path, options) => {
    if (options.remote) {
      refuseForRemote(options);
      return await context.launch({
        name: "ls",
        kind: "look",
        options: { prefix: path ?? "" },
        run: (runner, input) => runner.lsRemote(input),
      });
    }
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
    });
  });
  addExample(command, [
    "$ holdfast ls --long docs",
    "$ holdfast ls --recursive --at 2026-05-01",
    "$ holdfast ls --remote .holdfast/",
  ]);
}

/** The store knows keys, and their state of now. */
function refuseForRemote(options: Readonly<Record<string, unknown>>): void {
  const [option] = ["recursive", "long", "snapshot", "at"].filter((name) =>
    options[name] !== undefined
  );
  if (option === undefined) return;
  throw new HoldfastError("usage", `--${option} has no meaning with --remote`, {
    hint: "it always lists all keys of now, with size, class and time",
  });
}
