import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../command.ts";
import type { Contender, Place } from "./contender.ts";
import { type Command, measure } from "./measure.ts";
import { type Sample, type Series, seriesOf } from "./samples.ts";
import type { BenchServer } from "./server.ts";

export interface Race {
  readonly server: BenchServer;
  readonly contenders: readonly Contender[];
  readonly source: string;
  /** Folder for what the tools keep; emptied after each of them. */
  readonly scratch: string;
  readonly rounds: number;
}

/**
 * Every tool in turn, round after round, so that a slow minute of the machine hits all of them: a
 * first backup into an empty bucket, then (where asked for) the same with nothing changed.
 */
export async function race(
  { server, contenders, source, scratch, rounds }: Race,
  { unchanged }: { unchanged: boolean },
): Promise<Series[]> {
  const all: Series[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const place = await newPlace(server, scratch);
      console.error(`${contender.name}: round ${round} of ${rounds}`);
      for (const command of contender.prepare(place, source)) await measure(command);
      const first = await sample(server, contender.first(place, source));
      seriesOf(all, contender.name, "first").samples.push(first);
      if (unchanged) {
        const again = await sample(server, contender.unchanged(place, source));
        seriesOf(all, contender.name, "unchanged").samples.push(again);
      }
      await leave(server, place);
    }
  }
  return all;
}

let places = 0;

/** A new empty bucket and a new empty folder. */
export async function newPlace(server: BenchServer, scratch: string): Promise<Place> {
  const bucket = `bench-${++places}`;
  await server.createBucket(bucket);
  const folder = join(scratch, bucket);
  await mkdir(folder);
  return { host: server.host, bucket, scratch: folder };
}

/** Removes what a tool stored and kept. */
export async function leave(server: BenchServer, place: Place): Promise<void> {
  await server.dropBucket(place.bucket);
  await rm(place.scratch, { recursive: true, force: true });
}

/** Measures one command on a quiet disk, and counts its requests. */
export async function sample(server: BenchServer, command: Command): Promise<Sample> {
  await mustRun(["sync"]);
  const before = server.requests();
  const measured = await measure(command);
  return { ...measured, requests: server.requests() - before };
}
