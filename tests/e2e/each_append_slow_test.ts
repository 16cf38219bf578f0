/** A run that is killed at each append and before each request, and what the next one makes of it. */
import { seed } from "../seed.ts";
import { canCompare } from "./compare.ts";
import {
  assertSameState,
  type DisturbedJob,
  type Looks,
  onFolderStore,
  onServer,
  RUN,
} from "./disturbed_job.ts";
import { killAtRequest, tryEachPlace, undisturbed } from "./each_place.ts";
import { headOf, killedAtAppend } from "./held_append.ts";
import { mustEnd } from "./holdfast.ts";
import { randomOf } from "./random.ts";

const ends = "ends, with the next run, as if it had not been";

function test(name: string, run: () => Promise<void>): void {
  Deno.test(name, async () => {
    if (canCompare(name)) await run();
  });
}

async function killAtEachAppend(job: DisturbedJob, looks: Looks = {}): Promise<void> {
  const { place } = job;
  const before = headOf(place);
  await tryEachPlace(job, "positions", async (at) => {
    const { killed } = await killedAtAppend(place, RUN, before + at);
    await mustEnd(0, place, RUN);
    return killed;
  }, looks);
}

test(
  `a backup to versitygw that is killed at any append ${ends}`,
  () => onServer((job) => killAtEachAppend(job)),
);

test(
  `a backup to a folder store that is killed at any append ${ends}`,
  () => onFolderStore((job) => killAtEachAppend(job, { listing: false })),
);

test(
  `a backup that is killed before any request ${ends}`,
  () =>
    onServer((job) =>
      tryEachPlace(job, "requests", (at) => killAtRequest(job, at, "request"), { listing: false })
    ),
);

const TWICE = Number(Deno.env.get("TWICE") ?? 6);

test(`a backup that is killed twice at random appends ${ends}`, () =>
  onServer(async (job) => {
    const { place } = job;
    const random = randomOf(seed);
    const expected = await undisturbed(job);
    const failures: string[] = [];
    for (let i = 0; i < TWICE; i++) {
      job.reset();
      const positions: number[] = [];
      for (let kill = 0; kill < 2; kill++) {
        positions.push(headOf(place) + 1 + Math.floor(random() * 30));
        await killedAtAppend(place, RUN, positions[kill]);
      }
      try {
        await mustEnd(0, place, RUN);
        await assertSameState(job, expected);
      } catch (error) {
        failures.push(`${positions}: ${error instanceof Error ? error.message : error}`);
      }
    }
    if (failures.length > 0) throw new Error(`seed ${seed}\n${failures.join("\n")}`);
  }));
