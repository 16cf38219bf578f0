import { HoldfastError } from "../../core/error.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { parsePath } from "../path_argument.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast cost`. */
export function addCost(program: RootCommand, context: CommandContext): void {
  const command = program.command("cost")
    .summary("what is stored costs, a month, to restore, by run")
    .description(
      "Shows what the stored objects cost a month, by folder and by storage class; what restoring " +
        "everything, or the given paths, would cost by tier; and about what the last runs have " +
        "cost. Estimated from the index, the event log and a list of prices with their sources " +
        "(docs/costs.md); what has no price is unknown, never 0. Asks nothing of the store.",
    )
    .argument("[path...]", "what restoring these would cost, too")
    .option(
      "--depth <levels>",
      "folders down to this depth have a line each (1)",
      valueOf("--depth", wholeFrom(0)),
    )
    .option(
      "--days <days>",
      "restored copies would be kept for so long (the job's days, or 7)",
      valueOf("--days", wholeFrom(1)),
    )
    .option("--runs <count>", "so many of the last runs (10)", valueOf("--runs", wholeFrom(0)))
    .action((paths, { depth = 1, days, runs = 10 }) =>
      context.launch({
        name: "cost",
        kind: "look",
        options: { paths: paths.map(parsePath), depth, days, runs },
        run: (runner, input) => runner.cost(input),
      })
    );
  addExample(command, ["$ holdfast cost", "$ holdfast cost photos/2024 --days 3"]);
}

function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]{1,6}$/.test(text) && value >= least) return value;
    throw new HoldfastError("usage", `${JSON.stringify(text)} is no whole number`, {
      hint: `write a number from ${least} on`,
    });
  };
}
