import { addExample, type CommandContext } from "../command_context.ts";
import { parsePath } from "../path_argument.ts";
import type { RootCommand } from "../root_command.ts";
import { addStateOptions, stateName } from "../state_options.ts";

/** `holdfast history`. */
export function addHistory(program: RootCommand, context: CommandContext): void {
  const history = program.command("history")
    .summary("all that happened to an entry")
    .description(
      "Tells the life of one entry, newest last: when it was first seen, changed, renamed (and how " +
        "that is known), stored and where, copied, removed, checked, and by which run. It goes on " +
        "across renames of the entry and of folders above it. PATH may also be a former path.",
    )
    .argument("<path>", "entry, as ls prints it");
  const command = addStateOptions(history, context).action(async (path, options) =>
    await context.launch({
      name: "history",
      kind: "look",
      options: { path: parsePath(path), state: stateName(options) },
      run: (runner, input) => runner.history(input),
    })
  );
  addExample(command, ["$ holdfast history docs/letter.odt"]);
}
