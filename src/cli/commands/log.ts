import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { HoldfastError } from "../../core/error.ts";
import { parseEventType, parseRunId } from "../event_filter.ts";
import { isSharedOption } from "../from_options.ts";
import { parsePath } from "../path_argument.ts";
import { HELP, type RootCommand } from "../root_command.ts";
import { parseTime } from "../time_argument.ts";

/** `holdfast log` and its subcommands: `verify`, `ship`, `checkpoint`. */
export function addLog(program: RootCommand, context: CommandContext): void {
  const time = (dateMeans: "start" | "end") => (text: string) =>
    parseTime(text, { now: context.system.now(), dateMeans });
  const command = program.command("log")
    .summary("show the event log, verify, ship or checkpoint it")
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
      refuseFilters(command.opts(), "verify");
      await context.launch({
        name: "log verify",
        kind: "run",
        options: { chain },
        run: (runner, input) => runner.logVerify(input),
      });
    });
  addExample(verify, ["$ holdfast log verify --job photos"]);
  const ship = command.command("ship")
    .summary("send the log to the repository")
    .description(
      "Every run sends the log to the repository as it goes. This sends what a run could not, and " +
        "puts back segments that are gone from there.",
    )
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async () => {
      refuseFilters(command.opts(), "ship");
      await context.launch({
        name: "log ship",
        kind: "run",
        options: {},
        run: (runner, input) => runner.logShip(input),
      });
    });
  addExample(ship, ["$ holdfast log ship --job photos"]);
  const checkpoint = command.command("checkpoint")
    .summary("send the index as it is now to the repository")
    .description(
      "Puts the index into the repository, signed, beside the log: `holdfast rebuild` begins with " +
        "it where segments before it are lost. A backup does so by itself where a million entries " +
        "or 64 MiB of segments were shipped since the last one.",
    )
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async () => {
      refuseFilters(command.opts(), "checkpoint");
      await context.launch({
        name: "log checkpoint",
        kind: "run",
        options: {},
        run: (runner, input) => runner.logCheckpoint(input),
      });
    });
  addExample(checkpoint, ["$ holdfast log checkpoint --job photos"]);
}

const DOES = {
  verify: "verifies the whole log",
  ship: "ships all that is not shipped",
  checkpoint: "sends all of the index",
};

/** The parser takes the options of `log` for its subcommand too, where they mean nothing. */
function refuseFilters(
  given: Readonly<Record<string, unknown>>,
  name: keyof typeof DOES,
): void {
  const [filter] = Object.keys(given).filter((name) => !isSharedOption(name));
  if (filter === undefined) return;
  throw new HoldfastError("usage", `log ${name} takes no --${filter}`, {
    hint: `it always ${DOES[name]}`,
  });
}
