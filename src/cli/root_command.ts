import { Command, Option } from "@commander-js/extra-typings";
import { type GlobalOptions, LOG_LEVELS } from "./runner.ts";

/** The program with the options every command has (DESIGN section 10). */
export type RootCommand = ReturnType<typeof rootCommand>;

/** How every command's help is laid out. */
export const HELP = { showGlobalOptions: true, helpWidth: 100 };

export function rootCommand(version: string) {
  const logLevel = new Option("--log-level <level>", "how much the run's text log holds")
    .choices(LOG_LEVELS)
    .default("info" as const);
  return new Command("holdfast")
    .description("Backs up folders to S3 and its archive classes, on an event log.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .option("--config <file>", "config to use")
    .option("--state <file>", "the job's database")
    .option("--job <name>", "job of the config; the only one if left out")
    .option("--json", "write the answer as JSON, one record a line")
    .option("-q, --quiet", "no progress, no notes, no summary; errors only")
    .option("-v, --verbose", "say more")
    .option("--debug", "say everything, with where errors come from")
    .addOption(logLevel)
    .option("-n, --dry-run", "print what would be done and change nothing")
    .option("-y, --yes", "do not ask; never overrides a guard")
    .option("--no-progress", "no progress");
}

export function globalOptions(program: RootCommand): GlobalOptions {
  const options = program.opts();
  return {
    config: options.config,
    state: options.state,
    job: options.job,
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
    debug: options.debug ?? false,
    logLevel: options.logLevel,
    dryRun: options.dryRun ?? false,
    yes: options.yes ?? false,
    progress: options.progress,
  };
}
