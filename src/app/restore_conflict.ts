import { HoldfastError } from "../core/error.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { RestoreItem } from "./restore_items.ts";

export type Overwrite = "never" | "if-changed" | "always";

/**
 * What to do about whatever is at an entry's place: "absent" nothing is there, "present" it is there
 * as wanted (size and mtime, which a restore sets last), "replace" it may go. Throws kind "entry"
 * where it is in the way.
 */
export function clearTheWay(
  target: RestoreTarget,
  { place, row }: Pick<RestoreItem, "place"> & { readonly row: Pick<RestoreItem["row"], "stat"> },
  overwrite: Overwrite,
): "absent" | "present" | "replace" {
  const there = target.lookAt(place);
  if (there === undefined) return "absent";
  const wanted = unpackStat(row.stat);
  if (there.type === "folder") {
    if (wanted.type === "folder") return "present";
    throw new HoldfastError("entry", "a folder is in its place", {
      hint: "move it away, or restore to another folder",
    });
  }
  if (wanted.type === "folder") {
    if (overwrite === "always") {
      target.remove(place);
      return "absent";
    }
    throw new HoldfastError("entry", "something that is no folder is in its place", {
      hint: "use --overwrite always to replace it",
    });
  }
  const { timeStep = 1n } = target;
  const isSame = there.type === wanted.type &&
    inSteps(there.mtime, timeStep) === inSteps(wanted.mtime, timeStep) &&
    there.rdev === wanted.rdev && (wanted.type !== "file" || there.size === wanted.size);
  if (isSame && overwrite !== "always") return "present";
  if (overwrite !== "never") return "replace";
  throw new HoldfastError("entry", "something else is in its place and was kept", {
    hint: "use --overwrite if-changed to replace what differs",
  });
}

/** Rounded down, also before 1970. */
function inSteps(time: bigint, step: bigint): bigint {
  return (time - ((time % step) + step) % step) / step;
}
