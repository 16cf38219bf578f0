import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast status`. */
export function addStatus(program: RootCommand, context: CommandContext): void {
  const command = program.command("status")
    .summary("what the job is, and what is left to do")
    .description(
      "Shows the repository, the last runs, the newest snapshot, what is not stored yet, open uploads, and who is writing now.",
    )
    .action(() =>
      context.launch({
        name: "status",
        kind: "look",
        options: {},
        run: (runner, input) => runner.status(input),
      })
    );
  addExample(command, ["$ holdfast status --job photos"]);
}
