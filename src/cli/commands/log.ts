import { Option } from "@commander-js/extra-typings";
import { EXPORT_FORMATS } from "../../core/export_format.ts";
import { absolutePath } from "../local_path.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import { HoldfastError } from "../../core/error.ts";
import { parseEventType, parseRunId } from "../event_filter.ts";
import { isSharedOption } from "../from_options.ts";
import { parsePath } from "../path_argument.ts";
import { HELP, type RootCommand } from "../root_command.ts";
import { parseTime } from "../time_argument.ts";

/** `holdfast log` and its subcommands: `verify`, `ship`, `checkpoint`, `cut`, `export`. */
export function addLog(program: RootCommand, context: CommandContext): void {
  const time = (dateMeans: "start" | "end") => (text: string) =>
    parseTime(text, { now: context.system.now(), dateMeans });
  const command = program.command("log")
    .summary("show the event log, verify, ship, checkpoint, cut or export it")
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
        "every complete scan, compares the live index with the replayed one, and the log with its " +
        "signed segments in the repository. Names the first bad position; exit code 5 where there " +
        "is one.",
    )
    .option("--chain", "the hash chain only")
    .option("--local", "what is on this machine, and nothing in the repository")
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ chain = false, local = false }) => {
      refuseFilters(command.opts(), "verify");
      await context.launch({
        name: "log verify",
        kind: "run",
        options: { chain, local },
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
  const cut = command.command("cut")
    .summary("drop old history from this machine")
    .description(
      "Drops the events up to the newest checkpoint from this machine's database, which shrinks. It " +
        "first reads them back from the repository, and the checkpoint too: where one of them is not " +
        "there, nothing is dropped. Whatever looks at what was before fetches it again.",
    )
    .option(
      "--before <time>",
      "drop nothing later than this: a time, or an age as 90d",
      valueOf("--before", time("start")),
    )
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ before }) => {
      refuseFilters(command.opts(), "cut");
      await context.launch({
        name: "log cut",
        kind: "run",
        options: { before },
        run: (runner, input) => runner.logCut(input),
      });
    });
  addExample(cut, ["$ holdfast log cut", "$ holdfast log cut --before 90d"]);
  const exported = command.command("export")
    .summary("write the log to a file for other programs")
    .description(
      "Writes the events of the job's log, oldest first, as the lines that they are (jsonl), or as " +
        "rows with the columns position, time, run, type, version, hash and data (csv, parquet). " +
        "--since, --until, --run and --type choose some of them. The file must not be there yet.",
    )
    .addOption(
      new Option("--format <format>", "jsonl, csv or parquet").choices(EXPORT_FORMATS)
        .default("jsonl" as const),
    )
    .requiredOption("--output <file>", "file to write")
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ format, output }) => {
      const { since, until, run, type } = command.opts();
      const place = { folder: context.system.cwd, home: context.system.home };
      refuseFilters(command.opts(), "export", ["since", "until", "run", "type"]);
      await context.launch({
        name: "log export",
        kind: "look",
        options: { format, file: absolutePath(output, place), since, until, run, type },
        run: (runner, input) => runner.logExport(input),
      });
    });
  addExample(exported, [
    "$ holdfast log export --format parquet --output photos.parquet",
    "$ holdfast log export --since 30d --format csv --output month.csv",
  ]);
}

const DOES = {
  verify: "verifies the whole log",
  ship: "ships all that is not shipped",
  checkpoint: "sends all of the index",
  cut: "drops all events up to a checkpoint",
  export: "writes all of the events it has, of all paths, and ends",
};

/** The parser takes the options of `log` for its subcommand too, where they mean nothing. */
function refuseFilters(
  given: Readonly<Record<string, unknown>>,
  name: keyof typeof DOES,
  allowed: readonly string[] = [],
): void {
  const [filter] = Object.keys(given)
    .filter((name) => !isSharedOption(name) && !allowed.includes(name));
  if (filter === undefined) return;
  throw new HoldfastError("usage", `log ${name} takes no --${filter}`, {
    hint: `it always ${DOES[name]}`,
  });
}
