import { parseDuration } from "../../core/size_text.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast uploads`. */
export function addUploads(program: RootCommand, context: CommandContext): void {
  const command = program.command("uploads")
    .summary("list or abort incomplete uploads")
    .description(
      "Lists the multipart uploads that the store holds unfinished below the repository's prefix, " +
        "also those that this job has not begun: their parts are billed until they are completed " +
        "or aborted. The next backup goes on with the job's own. With --abort they are aborted, " +
        "after a question or with --yes; an upload that another machine is at work on fails then.",
    )
    .option("--abort", "abort them")
    .option(
      "--older-than <duration>",
      "only those begun so long ago, such as 7d",
      valueOf("--older-than", parseDuration),
    )
    .action((options) =>
      context.launch({
        name: "uploads",
        kind: options.abort ? "run" : "look",
        options: { abort: options.abort ?? false, olderThan: options.olderThan },
        run: (runner, input) => runner.uploads(input),
      })
    );
  addExample(command, ["$ holdfast uploads", "$ holdfast uploads --abort --older-than 7d"]);
}
