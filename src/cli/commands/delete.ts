import { HoldfastError } from "../../core/error.ts";
import { addDownloadLimit, addMaxCost, overridden } from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import { parsePath } from "../path_argument.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast delete`. */
export function addDelete(program: RootCommand, context: CommandContext): void {
  const command = program.command("delete")
    .summary("delete packs, or the content of entries in all snapshots")
    .description(
      "Deletes what the repository has of each PATH (as ls prints it) and of all below it, at present " +
        "and in every snapshot, so that no copy is left that can be read: packs that hold it are " +
        "packed again without it, from the source, or from the store where they need not be warmed " +
        "up. Content that other entries have, too, stays. PACK, its id or key, is deleted whole. Shows " +
        "first what loses its content, the snapshots and the cost, and asks, or needs --yes. Refused " +
        "with exit code 4 where a kept snapshot needs it, unless --force. Names and sizes stay in the " +
        "log. In the pack layout only.",
    )
    .argument("<path|pack...>", "entries, folders with all that is in them; or packs")
    .option(
      "--force",
      "although kept snapshots need it; packs that cannot be packed again go whole",
    )
    .action((names, options) =>
      context.launch({
        name: "delete",
        kind: "run",
        options: { paths: names.map(parseName), force: options.force ?? false },
        adjust: overridden(options),
        run: (runner, input) => runner.delete(input),
      })
    );
  addDownloadLimit(command);
  addMaxCost(command);
  addExample(command, [
    "$ holdfast delete docs/secret.txt --dry-run",
    "$ holdfast delete docs/secret.txt --force",
  ]);
}

function parseName(text: string): string {
  const path = parsePath(text);
  if (path !== "") return path;
  throw new HoldfastError("usage", "delete needs a path below the source", {
    hint: "a whole repository is deleted with the tools of its store",
  });
}
