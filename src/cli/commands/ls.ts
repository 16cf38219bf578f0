import { HoldfastError } from "../../core/error.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { parsePath } from "../path_argument.ts";
import type { RootCommand } from "../root_command.ts";
import { addStateOptions, stateName } from "../state_options.ts";

/** `holdfast ls`. */
export function addLs(program: RootCommand, context: CommandContext): void {
  const ls = program.command("ls").alias("show")
    .summary("list entries that are backed up")
    .description(
      "Lists the entries of a folder, or one entry, as they were in the newest snapshot or at " +
        "another time. Bytes that are not text are printed as \\xNN, and are read so again.",
    )
    .argument("[path]", "folder or entry; the root of the job if left out")
    .option("-r, --recursive", "with all that is in the folders")
    .option("-l, --long", "with mode, owner, size and time")
    .option(
      "--collate <depth>",
      "totals of each folder down to this depth, 1 for those directly in path, instead of entries",
      valueOf("--collate", parseDepth),
    )
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
    if (options.collate !== undefined) refuseForCollate(options);
    await context.launch({
      name: "ls",
      kind: "look",
      options: {
        path: parsePath(path ?? ""),
        state: stateName(options),
        recursive: options.recursive ?? false,
        long: options.long ?? false,
        collate: options.collate,
      },
      run: (runner, input) => runner.ls(input),
    });
  });
  addExample(command, [
    "$ holdfast ls --long docs",
    "$ holdfast ls --recursive --at 2026-05-01",
    "$ holdfast ls --collate 2 photos",
    "$ holdfast ls --remote .holdfast/",
  ]);
}

/** The store knows keys, and their state of now. */
function refuseForRemote(options: Readonly<Record<string, unknown>>): void {
  const [option] = ["recursive", "long", "collate", "snapshot", "at"].filter((name) =>
    options[name] !== undefined
  );
  if (option === undefined) return;
  throw new HoldfastError("usage", `--${option} has no meaning with --remote`, {
    hint: "it always lists all keys of now, with size, class and time",
  });
}

/** They say how entries are listed. */
function refuseForCollate({ recursive, long }: { recursive?: true; long?: true }): void {
  if (recursive === undefined && long === undefined) return;
  const option = recursive ? "recursive" : "long";
  throw new HoldfastError("usage", `--${option} has no meaning with --collate`, {
    hint: "it counts all that is below a folder, and lists no entries",
  });
}

function parseDepth(text: string): number {
  const depth = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(depth) && depth > 0) return depth;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no depth`, {
    hint: "write a whole number: 1 for the folders directly in the path, 2 for those in them",
  });
}
