import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast snapshots`. */
export function addSnapshots(program: RootCommand, context: CommandContext): void {
  const command = program.command("snapshots")
    .summary("list the snapshots")
    .description(
      "Lists the complete backups of the job: their position in the log, time, entries, size, and gaps (entries that could not be read).",
    )
    .action(() =>
      context.launch({
        name: "snapshots",
        kind: "look",
        options: {},
        run: (runner, input) => runner.snapshots(input),
      })
    );
  addExample(command, ["$ holdfast snapshots"]);
}
