import { HoldfastError } from "../../core/error.ts";
import { addDownloadLimit, addMaxCost, overridden } from "../backup_options.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast prune`. */
export function addPrune(program: RootCommand, context: CommandContext): void {
  const command = program.command("prune")
    .summary("delete what no kept snapshot and no entry needs")
    .description(
      "Deletes objects, and versions of objects, that this job has stored and that neither a kept " +
        "snapshot nor a current entry needs: what forgotten snapshots leave over. Shows the plan " +
        "first, and asks, or needs --yes. What others have put into the store is never touched. In " +
        "the pack layout packs are deleted; one of which much is dead is packed again without it, " +
        "and many small ones are merged: from the source, or from the store, where they are in no " +
        "archive class and, if encrypted, --identity is given.",
    )
    .option(
      "--max-dead <percent>",
      "packs of which at least so much is dead are packed again (50)",
      valueOf("--max-dead", parseShare),
    )
    .action((options) =>
      context.launch({
        name: "prune",
        kind: "run",
        options: { maxDead: options.maxDead },
        adjust: overridden(options),
        run: (runner, input) => runner.prune(input),
      })
    );
  addDownloadLimit(command);
  addMaxCost(command);
  addExample(command, ["$ holdfast forget --keep-daily 7", "$ holdfast prune --dry-run"]);
}

function parseShare(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ""));
  if (/^[0-9]+(\.[0-9]+)?\s*%?$/.test(text) && percent <= 100) return percent / 100;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no percentage`, {
    hint: "write a number from 0 to 100, such as 50%",
  });
}
