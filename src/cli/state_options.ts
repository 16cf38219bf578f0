import { type Command, type OptionValues } from "@commander-js/extra-typings";
import { HoldfastError } from "../core/error.ts";
import { type CommandContext, valueOf } from "./command_context.ts";
import type { StateName } from "./runner.ts";
import { type At, parseAt, parseSnapshotName, type SnapshotName } from "./time_argument.ts";

/** `--snapshot` and `--at`: which state a command looks at. */
export function addStateOptions<
  Args extends unknown[],
  Options extends OptionValues,
  Globals extends OptionValues,
>(
  command: Command<Args, Options, Globals>,
  context: CommandContext,
) {
  return command
    .option(
      "--snapshot <snapshot>",
      "state of a snapshot: its position, or latest",
      valueOf("--snapshot", parseSnapshotName),
    )
    .option(
      "--at <time|position>",
      "state at a time, or at a position of the log (digits)",
      valueOf("--at", (text) => parseAt(text, context.system.now())),
    );
}

export function stateName(
  { snapshot, at }: { readonly snapshot?: SnapshotName; readonly at?: At },
): StateName | undefined {
  if (snapshot !== undefined && at !== undefined) {
    throw new HoldfastError("usage", "--snapshot and --at name two states", {
      hint: "give one of them",
    });
  }
  return snapshot === undefined ? at : { kind: "snapshot", snapshot };
}
