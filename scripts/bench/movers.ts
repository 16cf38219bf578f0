import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./contender.ts";
import { holdfast, holdfastCommand } from "./holdfast.ts";
import { FROM, type Mover, TO } from "./mover.ts";
import { rcloneSync, s5cmdCommand } from "./peers.ts";

/** Holdfast both ways, and of the other tools in `folder` those that can follow a rename. */
export function allMovers(
  start: readonly string[] | null,
  name: string,
  folder: string,
): Mover[] {
  const own = start === null ? [] : [
    holdfastMover(name, start, "copy"),
    holdfastMover(name, start, "alias"),
  ];
  const peers = ([["rclone", rcloneMover], ["s5cmd", s5cmdMover]] as const)
    .flatMap(([tool, make]) => {
      const program = join(folder, tool);
      return existsSync(program) ? [make(program)] : [];
    });
  return [...own, ...peers];
}

function holdfastMover(name: string, start: readonly string[], way: "copy" | "alias"): Mover {
  const { prepare, first } = holdfast(name, "", start);
  const follow = (place: Place) => [holdfastCommand(start, place, ["backup"], ["--renames", way])];
  return {
    ...{ name, way, follow, prefix: "repository" },
    fill: (place, source) => [...prepare(place, source), first(place, source)],
    ...(way === "copy" ? {} : {
      restore: (place: Place, to: string) =>
        holdfastCommand(start, place, ["restore"], ["--to", to]),
    }),
  };
}

/** By hash and time, as its page recommends where a remote has both. */
function rcloneMover(program: string): Mover {
  const tracking = ["--track-renames", "--track-renames-strategy", "hash,modtime"];
  return {
    ...{ name: "rclone --track-renames", way: "copy", prefix: "" },
    fill: (place, source) => [rcloneSync(program, place, source)],
    follow: (place, source) => [rcloneSync(program, place, source, tracking)],
  };
}

/** It does not find renames: this is the work alone, for somebody who knows what was renamed. */
function s5cmdMover(program: string): Mover {
  const keys = (place: Place, folder: string) => `s3://${place.bucket}/${folder}/`;
  return {
    ...{ name: "s5cmd cp + rm, told what to move", way: "copy", prefix: "" },
    fill: (place, source) => [
      s5cmdCommand(program, place, ["cp", `${source}/`, `s3://${place.bucket}/`]),
    ],
    follow: (place) => [
      s5cmdCommand(program, place, ["cp", `${keys(place, FROM)}*`, keys(place, TO)]),
      s5cmdCommand(program, place, ["rm", `${keys(place, FROM)}*`]),
    ],
  };
}
