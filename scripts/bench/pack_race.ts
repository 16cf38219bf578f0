import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, sep } from "node:path";
import { mustRun } from "../command.ts";
import { filesBelow } from "../files_below.ts";
import type { Place } from "./contender.ts";
import { measure } from "./measure.ts";
import type { Packer } from "./packer.ts";
import type { Stage } from "./pack_stages.ts";
import { leave, newPlace, sample } from "./race.ts";
import { type Sample, type Series, seriesOf } from "./samples.ts";
import type { BenchServer } from "./server.ts";

/** What one backup did, and what it left in the bucket. */
export interface PackSample extends Sample {
  /** By how many bytes the objects in the bucket grew. */
  readonly added: number;
  /** Bytes of all objects in the bucket after it. */
  readonly stored: number;
  /** Bytes of `stored` that are what is known about files; of holdfast only. */
  readonly knowledge: number | undefined;
}

export interface PackRace {
  readonly server: BenchServer;
  readonly packers: readonly Packer[];
  readonly stage: Stage;
  /** Folder for what the tools keep; emptied after each of them. */
  readonly scratch: string;
  readonly rounds: number;
  /** Restore from holdfast's repository in the first round, and compare with the source. */
  readonly proves: boolean;
}

/** Every tool in turn, round after round: a new bucket each, and in it one backup for each turn. */
export async function packRace(
  { server, packers, stage, scratch, rounds, proves }: PackRace,
): Promise<Series<PackSample>[]> {
  const all: Series<PackSample>[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const packer of packers) {
      console.error(`${packer.name}: round ${round} of ${rounds}`);
      await stage.reset();
      const place = await newPlace(server, scratch);
      for (const command of packer.prepare(place, stage.source)) await measure(command);
      for (const { what, change } of stage.turns) {
        await change?.();
        const { samples } = seriesOf(all, packer.name, what);
        samples.push(await backup(server, packer, place, stage.source));
      }
      if (proves && round === 1) await prove(packer, place, stage.source);
      await leave(server, place);
    }
  }
  return all;
}

async function backup(
  server: BenchServer,
  packer: Packer,
  place: Place,
  source: string,
): Promise<PackSample> {
  const bucket = server.folderOf(place.bucket);
  const before = bytesBelow(bucket);
  const sampled = await sample(server, packer.backup(place, source));
  const stored = bytesBelow(bucket);
  const knowledge = packer.own?.knowledge
    .reduce((sum, folder) => sum + bytesBelow(join(bucket, folder)), 0);
  return { ...sampled, added: stored - before, stored, knowledge };
}

/** Bytes of the objects in this folder of a bucket; parts of open uploads are no objects. */
function bytesBelow(folder: string): number {
  return filesBelow(folder)
    .filter((file) => !file.includes(`${sep}.sgwtmp${sep}`))
    .reduce((sum, file) => sum + statSync(file).size, 0);
}

async function prove({ own }: Packer, place: Place, source: string): Promise<void> {
  if (own === undefined) return;
  const back = join(place.scratch, "back");
  await measure(own.restore(place, back));
  await mustRun(["diff", "-r", source, back]);
  await rm(back, { recursive: true });
}
