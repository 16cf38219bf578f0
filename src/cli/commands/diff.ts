import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { parseState } from "../time_argument.ts";

/** `holdfast diff`. */
export function addDiff(program: RootCommand, context: CommandContext): void {
  const command = program.command("diff")
    .summary("what differs between two states")
    .description(
      "Compares the states A and B: each a snapshot or another position of the log, a time, latest " +
        "(the newest snapshot) or head (what is known now). Marks: + only in B, - only in A, M " +
        "another content, U other metadata, R renamed; RM and RU renamed and changed. A moved folder " +
        "is one line. The times of folders are left out.",
    )
    .argument("<a>", "position, time, latest or head")
    .argument("<b>", "the same")
    .action(async (a, b) => {
      const now = context.system.now();
      await context.launch({
        name: "diff",
        kind: "look",
        options: { a: parseState(a, now), b: parseState(b, now) },
        run: (runner, input) => runner.diff(input),
      });
    });
  addExample(command, ["$ holdfast diff 2026-05-01 latest", "$ holdfast diff 4711 head --json"]);
}
