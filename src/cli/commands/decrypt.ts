import { Option } from "@commander-js/extra-typings";
import { addExample, type CommandContext } from "../command_context.ts";
import { absolutePath } from "../local_path.ts";
import type { RootCommand } from "../root_command.ts";
import { OVERWRITE } from "../runner.ts";

/** `holdfast decrypt`. */
export function addDecrypt(program: RootCommand, { system, launchTool }: CommandContext): void {
  const overwrite = new Option("--overwrite <when>", "replace entries that are there already")
    .choices(OVERWRITE)
    .default("never" as const);
  const command = program.command("decrypt")
    .summary("unpack packs that were fetched by hand")
    .description(
      "Writes what is in packs of the pack layout into a folder, with no config, no database and no " +
        "store: of each path the newest version that is in them. Where the indexes of the packs lie " +
        "beside them (.holdfast/index/), contents are checked by them, and entries whose content is " +
        "stored under another path come back, too. Nothing is ever written outside DIR. Repeated, it " +
        "carries on. With --dry-run it lists what is in the packs.",
    )
    .argument("<pack...>", "packs, or folders with packs in them, at any depth")
    .requiredOption("--to <dir>", "folder to write into")
    .addOption(overwrite)
    .action(async (paths, options) => {
      const place = { folder: system.cwd, home: system.home };
      await launchTool({
        name: "decrypt",
        kind: "tool",
        isRun: true,
        options: {
          paths: paths.map((path) => absolutePath(path, place)),
          to: absolutePath(options.to, place),
          overwrite: options.overwrite,
        },
        run: (runner, input) => runner.decrypt(input),
      });
    });
  addExample(command, [
    "$ holdfast decrypt fetched --to /tmp/back --identity photos.identity",
    "$ holdfast decrypt --dry-run fetched/packs/3f/*.tar.zst.age --to /tmp/back",
  ]);
}
