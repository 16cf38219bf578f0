import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { mustRun } from "../command.ts";
import { filesBelow } from "../files_below.ts";
import { changePlaces } from "./changed_places.ts";
import { FROM, TO } from "./mover.ts";

/** A source, and what happens to it between the backups of one tool. */
export interface Stage {
  readonly source: string;
  /** Makes the source what it was at first. */
  readonly reset: () => Promise<void>;
  readonly turns: readonly Turn[];
}

/** One backup, with the change that it is to find. */
export interface Turn {
  readonly what: string;
  readonly change?: () => Promise<void>;
}

/** A tree that stays as it is. */
export async function stillStage(tree: string, turns: readonly string[]): Promise<Stage> {
  await readThrough(tree);
  return { source: tree, reset: async () => {}, turns: turns.map((what) => ({ what })) };
}

/** A copy of the tree below one folder, which gets another name. */
export async function renamedStage(tree: string, scratch: string): Promise<Stage> {
  const source = join(scratch, "renamed");
  const [from, to] = [join(source, FROM), join(source, TO)];
  await mkdir(source);
  await copy(tree, from);
  return {
    source,
    reset: async () => {
      if (existsSync(to)) await rename(to, from);
    },
    turns: [
      { what: "first" },
      { what: "unchanged" },
      { what: "renamed", change: () => rename(from, to) },
    ],
  };
}

/** A copy of a tree of one file, which is changed in places and copied again for the next tool. */
export async function editedStage(tree: string, scratch: string): Promise<Stage> {
  const source = join(scratch, "edited");
  const [pristine] = filesBelow(tree);
  const working = join(source, relative(tree, pristine));
  await mkdir(dirname(working), { recursive: true });
  await readThrough(tree);
  return {
    source,
    reset: () => copy(pristine, working),
    turns: [
      { what: "first" },
      { what: "edited", change: () => changePlaces(working, { places: 50, share: 0.01 }) },
    ],
  };
}

/** Owners, times and all; blocks are shared where the file system can. */
async function copy(from: string, to: string): Promise<void> {
  await mustRun(["cp", "-a", "--reflink=auto", from, to]);
}

/** Into the page cache: or the first tool would read from the disk, and the others would not. */
async function readThrough(tree: string): Promise<void> {
  await mustRun(["sh", "-c", 'find "$1" -type f -exec cat {} + > /dev/null', "sh", tree]);
}
