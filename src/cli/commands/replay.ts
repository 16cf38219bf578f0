import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast replay`. */
export function addReplay(program: RootCommand, context: CommandContext): void {
  const command = program.command("replay")
    .summary("rebuild the index from the log and compare")
    .description(
      "Rebuilds every projection from the event log and compares it with the live one; where they differ the rebuilt one is kept and the exit code is 5.",
    )
    .action(() =>
      context.launch({
        name: "replay",
        kind: "run",
        options: {},
        run: (runner, input) => runner.replay(input),
      })
    );
  addExample(command, ["$ holdfast replay --job photos"]);
}
