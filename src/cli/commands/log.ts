import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { HoldfastError } from "../../core/error.ts";
import { parseEventType, parseRunId } from "../event_filter.ts";
import { parsePath } from "../path_argument.ts";
import { HELP, type RootCommand } from "../root_command.ts";
import { parseTime } from "../time_argument.ts";

/** `holdfast log` and `holdfast log verify`. */
export function addLog(program: RootCommand, context: CommandContext): void {
  const time = (dateMeans: "start" | "end") => (text: string) =>
    parseTime(text, { now: context.system.now(), dateMeans });
  const command = program.command("log")
    .summary("show the event log, or verify it")
    .description(
      "Prints the events of the job's log, oldest first. With --json it prints the lines of the " +
        "log as they are.",
    )
    .option("--since <time>", "from this time on", valueOf("--since", time("start")))
    .option("--until <time>", "up to this time", valueOf("--until", time("end")))
    .option("--path <path>", "events about this entry", valueOf("--path", parsePath))
    .option("--run <id>", "events of one run", valueOf("--run", parseRunId))
    .option("--type <type>", "events of one type", valueOf("--type", parseEventType))
    .option("--follow", "go on printing events as they come")
    .action(async ({ since, until, path, run, type, follow = false }) =>
      await context.launch({
        name: "log",
        kind: "look",
        options: { since, until, path, run, type, follow },
        run: (runner, input) => runner.log(input),
      })
    );
  addExample(command, [
    "$ holdfast log --since 7d --type SnapshotCreated",
    "$ holdfast log --follow",
  ]);
  const verify = command.command("verify")
    .summary("check the log and the index made from it")
    .description(
      "Checks every line's place in the hash chain, replays the log, proves the tree digest of " +
        "every complete scan, and compares the live index with the replayed one. Names the first " +
        "bad position; exit code 5 where there is one.",
    )
    .option("--chain", "the hash chain only")
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ chain = false }) => {
      refuseFilters(command.opts());
      await context.launch({
        name: "log verify",
        kind: "run",
        options: { chain },
        run: (runner, input) => runner.logVerify(input),
      });
    });
  addExample(verify, ["$ holdfast log verify --job photos"]);
}

/** The parser takes the options of `log` for its subcommand too, where they mean nothing. */
function refuseFilters(given: Readonly<Record<string, unknown>>): void {
  const [filter] = Object.keys(given);
  if (filter === undefined) return;
  throw new HoldfastError("usage", `log verify takes no --${filter}`, {
    hint: "it always verifies the whole log",
  });
}
