import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast rebuild`. */
export function addRebuild(program: RootCommand, context: CommandContext): void {
  const command = program.command("rebuild")
    .summary("make a lost database again from the repository")
    .description(
      "On a machine that has nothing but the config and credentials, or only --from URL: reads the " +
        "log out of the repository, verifies every hash and signature, and makes the database from " +
        "it. No content is read. With the job's key beside the database this machine goes on with " +
        "the job; without it the index is there for reading, and takeover goes on.",
    )
    .action(() =>
      context.launch({
        name: "rebuild",
        kind: "run",
        options: {},
        run: (runner, input) => runner.rebuild(input),
      })
    );
  addExample(command, [
    "$ holdfast rebuild --job photos",
    "$ holdfast rebuild --from s3://my-bucket/photos",
  ]);
}
