import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast backup`. */
export function addBackup(program: RootCommand, context: CommandContext): void {
  const command = program.command("backup")
    .summary("back up what is new or changed")
    .description(
      "Scans the job's sources and uploads what is new or changed. With --dry-run it prints the " +
        "plan and changes nothing.",
    )
    .option(
      "--accept-deletions",
      "confirm that entries are really gone where the delete guard has refused",
    )
    .action((options) =>
      context.launch({
        name: "backup",
        kind: "run",
        options: { acceptDeletions: options.acceptDeletions ?? false },
        run: (runner, input) => runner.backup(input),
      })
    );
  addExample(command, ["$ holdfast backup --job photos", "$ holdfast backup --dry-run"]);
}
