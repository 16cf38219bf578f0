import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../command.ts";
import type { Place } from "./contender.ts";
import { measure } from "./measure.ts";
import { FROM, type Mover, TO } from "./mover.ts";
import { leave, newPlace, type Race, sample } from "./race.ts";
import { type Sample, type Series, seriesOf, sumOf } from "./samples.ts";

export interface RenameRace extends Omit<Race, "contenders"> {
  readonly movers: readonly Mover[];
}

/**
 * Every tool in turn, round after round: a store that holds the tree, the tree's folder renamed, and
 * the run that follows. After each run the store, or what comes back out of it, must be the tree.
 */
export async function renameRace(race: RenameRace): Promise<Series[]> {
  const all: Series[] = [];
  const tree = join(race.scratch, "renamed");
  await cp(race.source, join(tree, FROM), { recursive: true, preserveTimestamps: true });
  for (let round = 1; round <= race.rounds; round++) {
    for (const mover of race.movers) {
      console.error(`${mover.name}, ${mover.way}: round ${round} of ${race.rounds}`);
      const place = await newPlace(race.server, race.scratch);
      seriesOf(all, mover.name, mover.way).samples.push(await follow(race, mover, place, tree));
      await leave(race.server, place);
    }
  }
  await rm(tree, { recursive: true });
  return all;
}

async function follow(
  { server }: RenameRace,
  mover: Mover,
  place: Place,
  tree: string,
): Promise<Sample> {
  for (const command of mover.fill(place, tree)) await measure(command);
  await rename(join(tree, FROM), join(tree, TO));
  try {
    const samples: Sample[] = [];
    for (const command of mover.follow(place, tree)) samples.push(await sample(server, command));
    const back = join(place.scratch, "back");
    if (mover.restore !== undefined) await measure(mover.restore(place, back));
    const there = mover.restore === undefined
      ? join(server.folderOf(place.bucket), mover.prefix)
      : back;
    await mustRun(["diff", "-r", "--exclude=.holdfast", "--exclude=.sgwtmp", tree, there]);
    return sumOf(samples);
  } finally {
    await rename(join(tree, TO), join(tree, FROM));
  }
}
