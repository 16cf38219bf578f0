import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast snapshots`. */
export function addSnapshots(program: RootCommand, context: CommandContext): void {
  const command = program.command("snapshots")
    .summary("list the snapshots")
    .description(
      "Lists the backups of the job: their position in the log, time, entries and size, and whether " +
        "they can come back: complete; partial, where the store does not have the content of some " +
        "entries any more; or index only. Gaps are entries that could not be read.",
    )
    .option("--all", "with those that were forgotten")
    .action(({ all = false }) =>
      context.launch({
        name: "snapshots",
        kind: "look",
        options: { all },
        run: (runner, input) => runner.snapshots(input),
      })
    );
  addExample(command, ["$ holdfast snapshots"]);
}
