/** A backup that is killed at random instants, and what the next run makes of it. */
import assert from "node:assert/strict";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { endOf, eventsOf, mustEnd, type Place, startHoldfast } from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, withPlace } from "./place.ts";
import { listUploads } from "./store_look.ts";
import { randomOf } from "./random.ts";
import { keysOfOpenUploads } from "../stores/folder/store_inspection.ts";

const KILLS = 10;

const config = ['part_size = "5 MiB"'];

async function killAndRepair(place: Place, openUploads: () => Promise<string[]>): Promise<void> {
  const { folder } = place;
  const random = randomOf(seed);
  shell(folder, "cp -a src first");
  await mustEnd(0, place, ["backup"]);
  const [{ position }] = await eventsOf(place, "SnapshotCreated");

  change(place, 0);
  // A guess of how long a run takes, until one was not killed.
  let longest = 1200;
  let killed = 0;
  for (let round = 1; round <= KILLS; round++) {
    const delay = Math.floor(random() * longest);
    const child = await startHoldfast(place, ["backup"]);
    const timer = setTimeout(() => killIfThere(child), delay);
    const started = performance.now();
    const { code } = await endOf(child);
    clearTimeout(timer);
    if (code === 0) longest = Math.max(20, performance.now() - started);
    else killed++;
    change(place, round);
  }
  console.log(`seed ${seed}: ${killed} of ${KILLS} runs killed`);
  assert.ok(killed > 0, "no run was killed");

  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["log", "verify"]);
  assert.deepEqual(await openUploads(), []);
  // A kill before the run's first event leaves nothing to be told of.
  assert.ok((await eventsOf(place, "RunInterrupted")).length > 0);
  await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
  assertSameTree(`${folder}/src`, `${folder}/out`);
  await mustEnd(0, place, ["restore", "--snapshot", `${position}`, "--to", `${folder}/then`]);
  assertSameTree(`${folder}/first`, `${folder}/then`);
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended in this very moment.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Gives the next run a large file and many small ones to store. */
function change({ folder }: Place, round: number): void {
  shell(
    `${folder}/src`,
    `head -c 1M /dev/urandom | dd of=large bs=1M seek=${round} conv=notrunc 2>/dev/null
     mkdir -p r${round}; for i in $(seq 40); do echo ${round} $i > r${round}/$i; done
     echo ${round} > docs/one.txt`,
  );
}

function withLargeTree(
  name: string,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  return withPlace(async (place) => {
    if (!canCompare(name)) return;
    makeSmallTree(`${place.folder}/src`);
    shell(`${place.folder}/src`, "head -c 100M /dev/urandom > large");
    await use(place);
  });
}

const onFolder = `a backup to a folder store killed ${KILLS} times loses nothing`;
Deno.test(onFolder, () =>
  withLargeTree(onFolder, async (empty) => {
    const place = await folderJob(empty, { config });
    await killAndRepair(place, () => keysOfOpenUploads(`${place.folder}/store`));
  }));

const onServer =
  `a backup to versitygw killed ${KILLS} times loses nothing and leaves no upload open`;
Deno.test(onServer, () =>
  withGateway((server) =>
    withLargeTree(onServer, async (empty) => {
      const bucket = await freshBucket(server, { versioning: true });
      const place = await s3Job(empty, server, bucket, { config });
      await killAndRepair(place, () => listUploads(server, bucket));
    })
  ));
