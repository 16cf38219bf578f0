import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast prune`. */
export function addPrune(program: RootCommand, context: CommandContext): void {
  const command = program.command("prune")
    .summary("delete what no kept snapshot and no entry needs")
    .description(
      "Deletes objects, and versions of objects, that this job has stored and that neither a kept " +
        "snapshot nor a current entry needs: what forgotten snapshots leave over. Shows the plan " +
        "first, and asks, or needs --yes. What others have put into the store is never touched.",
    )
    .action(() =>
      context.launch({
        name: "prune",
        kind: "run",
        options: {},
        run: (runner, input) => runner.prune(input),
      })
    );
  addExample(command, ["$ holdfast forget --keep-daily 7", "$ holdfast prune --dry-run"]);
}
