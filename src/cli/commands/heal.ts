import { addMaxCost, overridden } from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast heal`. */
export function addHeal(program: RootCommand, context: CommandContext): void {
  const command = program.command("heal")
    .summary("store again what a check has found missing or damaged")
    .description(
      "Stores again what check has found missing or damaged, where the source still has that very " +
        "content, compared by its SHA-256. Nothing is scanned and nothing else is stored. What the " +
        "source does not have any more is listed with the snapshots that cannot give it back, " +
        "exit code 5. Says first what it costs, with the fee for a damaged object that is " +
        "overwritten before the minimum duration of its class.",
    )
    .action((options) =>
      context.launch({
        name: "heal",
        kind: "run",
        options: {},
        adjust: overridden(options),
        run: (runner, input) => runner.heal(input),
      })
    );
  addMaxCost(command);
  addExample(command, ["$ holdfast check --read-data", "$ holdfast heal --max-cost 1"]);
}
