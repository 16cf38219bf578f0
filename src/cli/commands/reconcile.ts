import { addMaxCost, overridden } from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import { absolutePath } from "../local_path.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast reconcile`. */
export function addReconcile(program: RootCommand, context: CommandContext): void {
  const command = program.command("reconcile")
    .summary("compare index and store in both directions, and bring them together")
    .description(
      "Goes through the index and the store side by side, in order of their keys, and records what " +
        "differs: what is missing or another object, what is in another class, over what a newer " +
        "version lies, and what no log knows. What is lost counts as not stored from then on, exit " +
        "code 5. Unlike check it names unknown objects, goes by a report of S3 Inventory where a " +
        "bucket is too large to be listed, and repairs: with --fix what the source still has is " +
        "stored again, and unknown objects that carry Holdfast's metadata are taken over. Nothing " +
        "is deleted without --delete-unknown. With --dry-run nothing is recorded, and the price told.",
    )
    .option("--fix", "store again what is lost, and adopt unknown objects that say what they are")
    .option(
      "--delete-unknown",
      "delete objects that no log has stored, after a question: never what is below .holdfast/, " +
        "an alias target, a pack, or what carries Holdfast's metadata",
    )
    .option(
      "--inventory <manifest>",
      "go by a report of S3 Inventory (CSV or Parquet): its manifest.json, here or s3://bucket/key",
    )
    .action((options) => {
      const { fix = false, deleteUnknown = false, inventory } = options;
      const place = { folder: context.system.cwd, home: context.system.home };
      return context.launch({
        name: "reconcile",
        kind: "run",
        options: {
          ...{ fix, deleteUnknown },
          inventory: inventory === undefined || inventory.startsWith("s3://")
            ? inventory
            : absolutePath(inventory, place),
        },
        adjust: overridden(options),
        run: (runner, input) => runner.reconcile(input),
      });
    });
  addMaxCost(command);
  addExample(command, [
    "$ holdfast reconcile --fix --dry-run",
    "$ holdfast reconcile --inventory s3://reports/photos/daily/2026-11-01T01-00Z/manifest.json",
  ]);
}
