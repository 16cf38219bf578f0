/**
 * What a job has apart from its files is lost at random: database, key, log segments, renames objects.
 * What can be had back is, the report names the rest, and nothing that is restored is wrong.
 */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { canCompare, differences } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";
import { randomOf } from "./random.ts";
import { seed } from "../seed.ts";
import { filesBelow } from "../stores/folder/store_inspection.ts";

const SEEDS = Number(Deno.env.get("SEEDS") ?? 10);

/** The tree before each backup of the job; every content names its file and its age. */
const steps: readonly string[] = [
  `mkdir -p docs/letters albums/old gone swap; for f in docs/one docs/letters/two albums/1 albums/2 \\
     albums/old/3 gone/1 gone/2 swap/x swap/y keep changes moves
   do echo "$f at first" > $f; done; ln -s docs/one link; ln keep hard
   setfattr -n user.note -v "$(head -c 3000 /dev/zero | tr '\\0' n)" keep`,
  `mv albums pictures; echo "changes, then" > changes; rm gone/1; chmod 600 docs/one; mv moves moved`,
  `mv swap/x t; mv swap/y swap/x; mv t swap/y; mkdir albums; echo "another albums/1" > albums/1
   mv pictures/old archive; touch -d 2020-01-01 keep; rm -r gone`,
  `mv docs papers; mv papers/letters/two two; echo "moves again" > moves; mv moved changes
   ln -sfn papers/one link; setfattr -n user.more -v x archive/3`,
  `mv pictures albums/inner; mv archive pictures; echo "two, changed" > two; mkdir new; echo new > new/file`,
];

interface Lossy {
  readonly place: Place;
  /** Copies of the source at each snapshot, by its position. */
  readonly states: ReadonlyMap<number, string>;
  reset(): void;
  /** Files that may be lost, the database apart. */
  readonly objects: readonly string[];
}

function withJob(versioning: boolean, use: (job: Lossy) => Promise<void>): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      const { folder } = empty;
      const bucket = await freshBucket(server, { versioning });
      const place = await s3Job(empty, server, bucket);
      const states = new Map<number, string>();
      for (const [i, step] of steps.entries()) {
        shell(`${folder}/src`, step);
        await settle();
        await mustEnd(0, place, ["backup", ...(i % 2 === 1 ? ["--delete"] : [])]);
        shell(folder, `mkdir -p states; cp -a src states/${i}`);
        const position = (await eventsOf(place, "SnapshotCreated")).at(-1)!.position;
        states.set(position, `${folder}/states/${i}`);
      }
      const kept = [
        `${folder}/state`,
        `${server.folder}/data/${bucket}`,
        ...(versioning ? [`${server.folder}/versions/${bucket}`] : []),
      ];
      shell(folder, "mkdir saved");
      kept.forEach((path, i) => shell(folder, `cp -a ${path} saved/${i}`));
      const objects = ["log", "renames"]
        .flatMap((name) => filesBelow(`${kept[1]}/.holdfast/${name}`)).sort();
      await use({
        ...{ place, states, objects },
        reset() {
          shell(folder, "rm -rf out");
          kept.forEach((path, i) => shell(folder, `rm -rf ${path}; cp -a saved/${i} ${path}`));
        },
      });
    })
  );
}

/** What of a restored tree is other than in the state that it is said to be, with what is absent left out. */
function wrongFiles(folder: string, state: string): string[] {
  return differences(state, folder).split("\n")
    .filter((line) => line !== "" && !/^(?:>f\+|cd\+|cL\+|hf\+|\.d)/.test(line));
}

/** Of each path all contents that it ever had. */
function contentsOf(states: Iterable<string>): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const state of states) {
    for (const [path, content] of filesOf(state)) {
      all.set(path, (all.get(path) ?? new Set()).add(content));
    }
  }
  return all;
}

function filesOf(folder: string): [path: string, content: string][] {
  return shell(folder, "find . -type f -printf '%P\\n' | sort").trim().split("\n")
    .filter((path) => path !== "")
    .map((path) => [path, Deno.readTextFileSync(`${folder}/${path}`)]);
}

async function loseAndRecover(job: Lossy, lost: readonly string[]): Promise<string> {
  const { place, states } = job;
  const { folder } = place;
  const isWhole = !lost.includes("database");
  for (const path of lost) {
    if (path === "database") shell(folder, "rm state/job.db*");
    else if (path === "key") shell(folder, "rm state/*.key");
    else Deno.removeSync(path);
  }
  let told = 0;
  if (!isWhole) {
    assert.equal((await holdfast(place, ["backup"])).code, 10);
    const { code, said, records } = await holdfastJson(place, ["rebuild"]);
    assert.ok(code === 0 || code === 5, said);
    told = totalsOf(records).missing.length;
    assert.equal(told > 0, code === 5, said);
  }
  // Either of the two tells all that was, the log also what was before.
  const hasLog = isWhole || !lost.some((path) => path.includes("/.holdfast/log/"));
  const hasRenames = !lost.some((path) => path.includes("/.holdfast/renames/"));
  if (hasLog) assert.equal(told, 0);
  const last = [...states.values()].at(-1)!;
  const restored = await restore(place);
  if (hasLog || hasRenames) {
    assert.ok(restored, "nothing to restore");
    assert.equal(differences(last, `${folder}/out`), "");
  }
  const known = contentsOf(states.values());
  if (restored) {
    for (const [path, content] of filesOf(`${folder}/out`)) {
      assert.ok(known.get(path)?.has(content), `${path} is restored with ${content}`);
    }
  }
  await snapshotsAreRight(job, hasLog);
  // And the job goes on.
  if (lost.includes("key")) {
    await mustEnd(12, place, ["backup"]);
    await mustEnd(0, place, ["--yes", "takeover"]);
  }
  const next = await holdfast(place, ["backup"]);
  if (next.code !== 0) {
    // It is not known any more what the source was, and some of what it had is not there now.
    assert.ok(next.code === 4 && told > 0, next.said);
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
  }
  await mustEnd(0, place, ["log", "verify"]);
  const checked = await holdfast(place, ["check"]);
  assert.ok([0, 5].includes(checked.code), checked.said);
  shell(folder, "rm -rf out");
  await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
  assert.equal(differences(`${folder}/src`, `${folder}/out`), "");
  return isWhole ? "kept" : told === 0 ? "whole" : "told";
}

/** False where there is nothing to restore. */
async function restore(place: Place, args: readonly string[] = []): Promise<boolean> {
  const { folder } = place;
  shell(folder, "rm -rf out");
  const { code, said } = await holdfast(place, ["restore", ...args, "--to", `${folder}/out`]);
  assert.ok([0, 2, 3, 5].includes(code), said);
  return code !== 2;
}

async function snapshotsAreRight({ place, states }: Lossy, hasLog: boolean): Promise<void> {
  const { records } = await holdfastJson(place, ["snapshots"]);
  const snapshots = records.filter(({ record }) => record === "snapshot");
  if (hasLog) assert.equal(snapshots.length, states.size);
  for (const { position } of snapshots) {
    const state = states.get(position);
    assert.ok(state !== undefined, `there never was a snapshot ${position}`);
    if (!await restore(place, ["--snapshot", `${position}`])) continue;
    assert.deepEqual(wrongFiles(`${place.folder}/out`, state), [], `snapshot ${position}`);
  }
}

for (const versioning of [false, true]) {
  const bucket = versioning ? "a bucket with versions" : "a bucket without versions";
  const name =
    `what is lost at random of a job on ${bucket} is had back, or named, and never wrong`;
  Deno.test(name, async () => {
    if (!canCompare(name)) return;
    await withJob(versioning, async (job) => {
      const ends: Record<string, number> = {};
      const failures: string[] = [];
      for (let i = 0; i < SEEDS; i++) {
        const random = randomOf(seed + i);
        // Often all or nothing of one kind: that is what has rules.
        const [logs, renames] = [random() * 2 - 0.5, random() * 2 - 0.5];
        const lost = [
          ...(random() < 0.8 ? ["database"] : []),
          ...(random() < 0.3 ? ["key"] : []),
          ...job.objects.filter((path) => random() < (path.includes("/log/") ? logs : renames)),
        ];
        job.reset();
        try {
          const end = await loseAndRecover(job, lost);
          ends[end] = (ends[end] ?? 0) + 1;
        } catch (error) {
          const what = lost.map((path) => path.replace(/^.*\.holdfast\//, "")).join(", ");
          failures.push(
            `seed ${seed + i}, lost ${what}: ${error instanceof Error ? error.stack : error}`,
          );
        }
      }
      console.log(`seeds ${seed} to ${seed + SEEDS - 1}: ${JSON.stringify(ends)}`);
      if (failures.length > 0) throw new Error(failures.join("\n\n"));
    });
  });
}
