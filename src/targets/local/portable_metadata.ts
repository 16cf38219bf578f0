import { lutimesSync } from "node:fs";
import { messageOf } from "../../core/error.ts";
import { type EntryStat, NO_OWNER } from "../../core/stat_record.ts";
import type { Attribute } from "../../ports/source.ts";
import { withDosAttribute } from "./dos_attribute.ts";

const SET_IDS = 0o6000;

/** Sets owner, mode and times of the file or folder. Returns what could not be kept. */
export function setPortableMetadata(
  place: string,
  stat: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const problems = setOwner(place, stat);
  if (Deno.build.os !== "windows") {
    // A set-id bit lends the rights of the owner: of another owner than the backup's, never.
    const strip = problems.length > 0 && stat.type !== "folder" && (stat.mode & SET_IDS) !== 0;
    if (strip) problems.push(`mode ${stat.mode.toString(8)}: set-id bits left out, owner not kept`);
    attempt(
      problems,
      "mode",
      () => Deno.chmodSync(place, strip ? stat.mode & ~SET_IDS : stat.mode),
    );
  }
  for (const { name } of withDosAttribute(stat, attributes)) {
    problems.push(`attribute ${name}: not kept here`);
  }
  const time = new Date(Number(stat.mtime / 1_000_000n));
  attempt(problems, "times", () => Deno.utimeSync(place, time, time));
  return problems;
}

/** The owner of what is no symlink. On Windows there is nothing to set. */
function setOwner(place: string, stat: EntryStat): string[] {
  const problems: string[] = [];
  if (Deno.build.os === "windows" || (stat.uid === NO_OWNER && stat.gid === NO_OWNER)) {
    return problems;
  }
  attempt(problems, ownerOf(stat), () => Deno.chownSync(place, stat.uid, stat.gid));
  return problems;
}

/** Sets the time of a symlink, and tells where its owner is another: Deno has no lchown. */
export function setPortableSymlinkMetadata(place: string, stat: EntryStat): string[] {
  const problems: string[] = [];
  const { uid, gid } = Deno.lstatSync(place);
  if (Deno.build.os !== "windows" && (uid !== stat.uid || gid !== stat.gid)) {
    problems.push(`${ownerOf(stat)}: not kept here for a symlink`);
  }
  const seconds = Number(stat.mtime / 1_000_000n) / 1000;
  attempt(problems, "times", () => lutimesSync(place, seconds, seconds));
  return problems;
}

function ownerOf(stat: EntryStat): string {
  return `owner ${stat.uid}:${stat.gid}`;
}

function attempt(problems: string[], what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    problems.push(`${what}: ${messageOf(error).replace(/ \(os error.*$/s, "")}`);
  }
}
