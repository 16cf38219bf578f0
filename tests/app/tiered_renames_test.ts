/** Renames of objects that are archived although their class does not say so. */
import assert from "node:assert/strict";
import { leftArchived } from "../../src/app/unsettled_renames.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, type World } from "./app_world.ts";
import { copiesOf, counts, stateOf, timesAsked, type Warming, warming } from "./warming_job.ts";

const TIERED = { storageClass: "INTELLIGENT_TIERING", renames: "copy" } as const;

/** A folder of four files that was moved, two of them in archive tiers. */
async function moved(world: World, storageClass: string = TIERED.storageClass): Promise<Warming> {
  const job = warming(world);
  shell(world.source, "mkdir a; for i in 1 2 3 4; do echo $i > a/$i; done");
  await job.backup({ ...TIERED, storageClass });
  shell(world.source, "mv a b");
  return job;
}

function intoTiers({ archive }: Warming): void {
  archive.tier("a/1", "ARCHIVE_ACCESS");
  archive.tier("a/2", "DEEP_ARCHIVE_ACCESS");
}

const left = (world: World) => [...leftArchived(world.log.index)].map(({ from }) => from);

Deno.test('in archive tiers, "copy": the others are copied at once, these when they are warm', () =>
  inWorld(async (world) => {
    const job = await moved(world);
    intoTiers(job);
    assert.equal((await job.backup(TIERED)).exitCode, 0);
    assert.deepEqual([job.refused.toSorted(), copiesOf(world).length], [["a/1", "a/2"], 2]);
    assert.deepEqual(timesAsked(job), { "a/1": 1, "a/2": 1 });
    // Days would be an error there, and the price is that of the tiers.
    assert.deepEqual(job.archive.asked.map(({ request }) => request), [
      { tier: "Bulk" },
      { tier: "Bulk" },
    ]);
    const groups = job.plans[0].quote.groups.map(({ group }) => group.archive);
    assert.deepEqual(groups.toSorted(), ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]);
    assert.deepEqual([left(world), stateOf(world)], [["a/1", "a/2"], "settling"]);
    // While they warm up no copy is tried again.
    world.reopen();
    assert.equal((await job.backup(TIERED)).exitCode, 0);
    assert.equal(job.refused.length, 2);
    job.archive.later(49);
    assert.equal((await job.backup(TIERED)).exitCode, 0);
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3", "b/4"]);
    assert.deepEqual([job.refused.length, job.plans.length, stateOf(world)], [2, 1, "finished"]);
    assert.deepEqual([counts(world), left(world)], [{ open: 0, aliased: 0 }, []]);
    world.verify();
  }, { versions: false }));

Deno.test('in archive tiers, "copy" without an approval: told in each run, and tried once', () =>
  inWorld(async (world) => {
    const job = await moved(world);
    intoTiers(job);
    job.approves = false;
    for (let i = 0; i < 2; i++) {
      const { exitCode, stored } = await job.backup(TIERED);
      assert.deepEqual([exitCode, stored.held, job.refused.length], [6, 2, 2]);
    }
    assert.deepEqual([timesAsked(job), left(world)], [{}, ["a/1", "a/2"]]);
    world.verify();
  }, { versions: false }));

Deno.test('in archive tiers, "alias": the folder stays where it is, and the log says why', () =>
  inWorld(async (world) => {
    const job = await moved(world);
    intoTiers(job);
    await job.backup({ ...TIERED, archivedRenames: "alias" });
    assert.deepEqual([timesAsked(job), counts(world)], [{}, { open: 0, aliased: 1 }]);
    const [{ why }] = world.events("RenameAliased").flatMap(({ data }) => data.renames);
    assert.match(why, /archived, and must be restored before a copy/);
    assert.deepEqual(left(world), ["a/1", "a/2"]);
    const before = job.refused.length;
    await job.backup({ ...TIERED, archivedRenames: "alias" });
    assert.equal(job.refused.length, before);
    world.verify();
  }, { versions: false }));

Deno.test('in archive tiers, "upload": they are sent again in the same run', () =>
  inWorld(async (world) => {
    const job = await moved(world);
    intoTiers(job);
    assert.equal((await job.backup({ ...TIERED, archivedRenames: "upload" })).exitCode, 0);
    assert.deepEqual(timesAsked(job), {});
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3", "b/4"]);
    assert.deepEqual(counts(world), { open: 0, aliased: 0 });
    world.verify();
  }, { versions: false }));

Deno.test("what a lifecycle rule has archived is warmed up as if it had been stored so", () =>
  inWorld(async (world) => {
    const job = await moved(world, "STANDARD");
    job.archive.archive("a/3", "DEEP_ARCHIVE");
    const plain = { storageClass: "STANDARD" };
    assert.equal((await job.backup(plain)).exitCode, 0);
    assert.deepEqual([timesAsked(job), copiesOf(world).length], [{ "a/3": 1 }, 3]);
    job.archive.later(13);
    assert.equal((await job.backup(plain)).exitCode, 0);
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3", "b/4"]);
    world.verify();
  }, { versions: false }));
