import { HoldfastError } from "../../core/error.ts";
import { hasRules, type KeepRules } from "../../core/plan/snapshot_policy.ts";
import { parseDuration } from "../../core/size_text.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { parseSnapshotName } from "../time_argument.ts";

/** `holdfast forget`. */
export function addForget(program: RootCommand, context: CommandContext): void {
  const count = (option: string) => valueOf(option, parseCount);
  const command = program.command("forget")
    .summary("forget snapshots that need not be kept")
    .description(
      "Forgets the snapshots that are named, or those that no keep rule keeps. The rules are those " +
        "of the options; without any, the keep_* keys of the job. A snapshot is kept where one rule " +
        "keeps it, and the newest always is, unless it is named. Nothing is deleted from the store: " +
        "prune does that. With --dry-run it prints what it would do, and why.",
    )
    .argument("[snapshot...]", "positions, as snapshots lists them, or latest")
    .option("--keep-last <n>", "the newest n", count("--keep-last"))
    .option("--keep-daily <n>", "the newest of each of n days", count("--keep-daily"))
    .option("--keep-weekly <n>", "of each of n weeks, from Monday", count("--keep-weekly"))
    .option("--keep-monthly <n>", "of each of n months", count("--keep-monthly"))
    .option("--keep-yearly <n>", "of each of n years", count("--keep-yearly"))
    .option(
      "--keep-within <duration>",
      "all that are at most so much older than the newest",
      valueOf("--keep-within", parseDuration),
    )
    .action(async (names, options) => {
      const rules: KeepRules = {
        ...{ last: options.keepLast, daily: options.keepDaily, weekly: options.keepWeekly },
        ...{ monthly: options.keepMonthly, yearly: options.keepYearly },
        within: options.keepWithin,
      };
      const snapshots = names.map(parseSnapshotName);
      if (snapshots.length > 0 && hasRules(rules)) {
        throw new HoldfastError("usage", "snapshots and keep rules are two ways to choose", {
          hint: "name snapshots, or give rules",
        });
      }
      await context.launch({
        name: "forget",
        kind: "run",
        options: { snapshots, rules: hasRules(rules) ? rules : undefined },
        run: (runner, input) => runner.forget(input),
      });
    });
  addExample(command, [
    "$ holdfast forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run",
    "$ holdfast forget 4711",
  ]);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^[0-9]+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is not a number of snapshots`, {
    hint: "write a whole number from 1 on; leave the option out to keep none by it",
  });
}
