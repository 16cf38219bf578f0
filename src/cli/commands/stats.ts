import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast stats`. */
export function addStats(program: RootCommand, context: CommandContext): void {
  const command = program.command("stats")
    .summary("counts and sizes")
    .description("Shows entries and bytes by source, and the size of the log and of the database.")
    .action(() =>
      context.launch({
        name: "stats",
        kind: "look",
        options: {},
        run: (runner, input) => runner.stats(input),
      })
    );
  addExample(command, ["$ holdfast stats --json"]);
}
