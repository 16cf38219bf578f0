import { Option } from "@commander-js/extra-typings";
import { addDownloadLimit, overridden } from "../backup_options.ts";
import { addExample, collected, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { OVERWRITE } from "../runner.ts";
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
        "outside DIR. Repeated, it carries on.",
    )
    .argument("[path...]", "entries to restore, folders with all that is in them")
    .requiredOption("--to <dir>", "folder to restore into")
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
      const { restoreOptions } = await import("../restore_options.ts");
      await context.launch({
        name: "restore",
        kind: "run",
        options: await restoreOptions(context.system, paths, options),
        adjust: overridden(command.opts()),
        run: (runner, input) => runner.restore(input),
      });
    },
  );
  addDownloadLimit(command);
  addExample(command, [
    "$ holdfast restore --to /tmp/back",
    "$ holdfast restore --select --snapshot latest --to /tmp/back",
    "$ holdfast restore docs/letter.odt --at 2026-05-01 --to /tmp/back",
  ]);
}
