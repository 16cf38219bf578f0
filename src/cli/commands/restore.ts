import { Option } from "@commander-js/extra-typings";
import { addDownloadLimit, overridden } from "../backup_options.ts";
import { addExample, collected, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { HoldfastError } from "../../core/error.ts";
import { OVERWRITE, type WarmUpWishes } from "../runner.ts";
import { addWarmUpOptions, TARGET_PASSWORD, warmUpWishes } from "../warm_up_options.ts";
import { addStateOptions } from "../state_options.ts";

/** `holdfast restore`. */
export function addRestore(program: RootCommand, context: CommandContext): void {
  const overwrite = new Option("--overwrite <when>", "replace entries that are there already")
    .choices(OVERWRITE)
    .default("never" as const);
  const restore = program.command("restore")
    .summary("bring entries back to disk")
    .description(
      "Writes entries into a folder, each PATH (as ls prints it; everything, if none is given) at " +
        "DIR/PATH. Every file's content is checked against its SHA-256. Nothing is ever written " +
        "outside DIR. Repeated, it carries on. What is archived is warmed up first: the plan with " +
        "its price is shown before anything is asked for. Without --wait the command then ends with " +
        "exit code 13, and `holdfast restore --wait` or `holdfast restores resume` goes on with it.",
    )
    .argument("[path...]", "entries to restore, folders with all that is in them")
    .option(
      "--to <dir>",
      "folder, or smb://USER@HOST/SHARE/PATH, to restore into; left out with --wait: go on with " +
        "what is open",
    )
    .option(...TARGET_PASSWORD)
    .option(
      "--include <pattern>",
      "only what matches, by gitignore's rules; may be repeated",
      collected,
    )
    .option(
      "--exclude <pattern>",
      "leave out what matches, by gitignore's rules; may be repeated",
      collected,
    )
    .option("--files-from <file>", "read more paths from a file, one a line; - is standard input")
    .option("--select", "choose the entries in a tree on the terminal")
    .addOption(overwrite);
  const command = addStateOptions(restore, context).action(
    async (paths, options) => {
      const { restoreOptions, targetPassword } = await import("../restore_options.ts");
      const given = command.opts();
      const warmUp = warmUpWishes(given);
      const { to } = options;
      if (to === undefined) {
        const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
        refuseMore(paths, warmUp, isGiven);
        return await context.launch({
          ...{ name: "restore", kind: "run", adjust: overridden(given) },
          options: {
            ...{ kind: "resume" as const, job: undefined, warmUp },
            ...targetPassword(context.system, options),
          },
          run: (runner, input) => runner.restores(input),
        });
      }
      await context.launch({
        name: "restore",
        kind: "run",
        options: await restoreOptions(context.system, paths, { ...options, to, warmUp }),
        adjust: overridden(given),
        run: (runner, input) => runner.restore(input),
      });
    },
  );
  addWarmUpOptions(command);
  addDownloadLimit(command);
  addExample(command, [
    "$ holdfast restore --to /tmp/back",
    "$ holdfast restore --select --snapshot latest --to /tmp/back",
    "$ holdfast restore docs/letter.odt --at 2026-05-01 --to /tmp/back",
    "$ holdfast restore docs --to smb://ann@nas/documents/restored",
    "$ holdfast restore --to /tmp/back --tier standard --max-cost 5",
    "$ holdfast restore --wait",
  ]);
}

/** What goes on says itself what it restores, where to, and how. */
function refuseMore(
  paths: readonly string[],
  { wait }: WarmUpWishes,
  isGiven: (option: string) => boolean,
): void {
  if (!wait) {
    throw new HoldfastError("usage", "missing --to DIR, the folder to restore into", {
      hint: "`holdfast restore --wait` goes on with the restores that are open",
    });
  }
  if (paths.length === 0 && !SETTLED.some(isGiven)) return;
  throw new HoldfastError("usage", "without --to it goes on with what is open, all of it", {
    hint: "name --to DIR to begin another restore; `holdfast restores resume` goes on with one",
  });
}

/** Options that a restore which goes on has settled. */
const SETTLED = [
  ...["include", "exclude", "filesFrom", "select", "overwrite", "snapshot", "at", "tier", "days"],
];
