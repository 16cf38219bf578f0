import { addExample, type CommandContext } from "../command_context.ts";
import { parseRunId } from "../event_filter.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast undo`. */
export function addUndo(program: RootCommand, context: CommandContext): void {
  const command = program.command("undo")
    .summary("take back what a backup has changed in the index")
    .description(
      "Gives the entries that a backup has changed, moved, added or removed back what they were " +
        "before it, where their content is still in the store, and forgets its snapshot. Nothing " +
        "in the store and on the disk is changed. What is lost is listed, exit code 3. A run whose " +
        "entries a later one has touched is refused, exit code 4: undo the later one first.",
    )
    .argument("<run>", "the first digits of the run's id, or last", parseRun)
    .action((run) =>
      context.launch({
        name: "undo",
        kind: "run",
        options: { run },
        run: (runner, input) => runner.undo(input),
      })
    );
  addExample(command, ["$ holdfast undo last --dry-run", "$ holdfast undo 7f3a9c02"]);
}

function parseRun(text: string): string {
  return text === "last" ? text : parseRunId(text);
}
