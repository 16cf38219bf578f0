import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast takeover`. */
export function addTakeover(program: RootCommand, context: CommandContext): void {
  const command = program.command("takeover")
    .summary("go on with a job on this machine")
    .description(
      "For a job that another machine has backed up, or whose key is lost: closes its log in the " +
        "repository and goes on with a new log and a new key of this machine, after a question or " +
        "with --yes. The other machine's next run stops with exit code 11 and says who has taken " +
        "over. A database that is missing or behind is rebuilt first.",
    )
    .action(() =>
      context.launch({
        name: "takeover",
        kind: "run",
        options: {},
        run: (runner, input) => runner.takeover(input),
      })
    );
  addExample(command, ["$ holdfast takeover --job photos"]);
}
