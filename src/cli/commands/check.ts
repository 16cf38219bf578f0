import { HoldfastError } from "../../core/error.ts";
import { addDownloadLimit, overridden } from "../backup_options.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { absolutePath } from "../local_path.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast check`. */
export function addCheck(program: RootCommand, context: CommandContext): void {
  const command = program.command("check")
    .summary("compare the index with the store")
    .description(
      "Lists the store and looks at each entry's object: whether it is there, with its size, ETag " +
        "and class; at the parts of the log in the repository; and at the bucket's lifecycle rules. " +
        "What is missing or damaged is listed, exit code 5, and counts as not stored, so that the " +
        "next backup stores it again where the source still has it. With --dry-run nothing is " +
        "recorded.",
    )
    .option(
      "--read-data [percent]",
      "read so many percent of the bytes, those not read for longest first (all)",
      valueOf("--read-data", parsePercent),
    )
    .option("--snapshots", "look at what only kept snapshots need, too: a HEAD for each object")
    .option(
      "--archived",
      "compare archived objects by checksums that S3 Batch Operations computes where they are, " +
        "without warming them up (not yet run on AWS)",
    )
    .option(
      "--report <file>",
      "the same by a completion report that you have fetched: its manifest.json, or a CSV of it",
    )
    .option("--lock", "ask the store for the lock of each object that is needed (one request each)")
    .option("--repair", "write pack indexes that are missing or damaged again, from the log")
    .action((options) => {
      const { readData, snapshots = false, repair = false, lock = false, report } = options;
      const { archived = false } = options;
      const place = { folder: context.system.cwd, home: context.system.home };
      return context.launch({
        name: "check",
        kind: "run",
        options: {
          readData: readData === true ? 100 : readData,
          ...{ snapshots, repair, lock, archived: archived || report !== undefined },
          report: report === undefined ? undefined : absolutePath(report, place),
        },
        adjust: overridden(options),
        run: (runner, input) => runner.check(input),
      });
    });
  addDownloadLimit(command);
  addExample(command, [
    "$ holdfast check",
    "$ holdfast check --read-data=5%",
    "$ holdfast check --archived",
  ]);
}

function parsePercent(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ""));
  if (/^[0-9]+(\.[0-9]+)?\s*%?$/.test(text) && percent > 0 && percent <= 100) return percent;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no percentage`, {
    hint: "write a number above 0 and up to 100, such as 5%",
  });
}
