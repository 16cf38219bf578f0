/** How archived objects are in the store is known beyond the restore that has found it out. */
import assert from "node:assert/strict";
import type { RestorePlan } from "../../src/core/cold/restore_plan.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { type SimulatedArchive, simulatedArchive } from "./simulated_archive.ts";

const DAY = 24;

/** Files in Intelligent-Tiering, of which some are in an archive tier. */
async function tiered(world: World, days: number): Promise<SimulatedArchive> {
  for (const name of ["a", "b", "c"]) world.write(name, `content of ${name}`);
  await world.backup({ storageClass: "INTELLIGENT_TIERING" });
  const archive = simulatedArchive(world);
  archive.later(days * DAY);
  archive.tier("a", "ARCHIVE_ACCESS");
  archive.tier("b", "DEEP_ARCHIVE_ACCESS");
  return archive;
}

function watchPlans(plans: RestorePlan[]) {
  return { approve: (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0) };
}

Deno.test("the first plan has what Intelligent-Tiering has archived, with wait and price", () =>
  inWorld(async (world) => {
    const archive = await tiered(world, 200);
    const to = `${world.folder}/back`;
    const plans: RestorePlan[] = [];
    const first = await world.restore(to, { cold: watchPlans(plans) });
    assert.deepEqual([first.exitCode, first.objects.warming, first.waiting], [13, 2, 2]);
    const [{ asked, quote }] = plans;
    assert.deepEqual([asked.objects, quote.wait?.text], [2, "up to 48 hours"]);
    assert.deepEqual(treeOf(to), { c: "content of c" });
    assert.deepEqual(archive.asked.map(({ key, request }) => [key, request.days]), [
      ["a", undefined],
      ["b", undefined],
    ]);
    // What is readable as it is nobody awaits.
    assert.equal([...world.log.index.restores.objects(1)].length, 2);
    archive.later(7);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("what HEAD has told of Intelligent-Tiering is in the log, and in the next plan by the index", () =>
  inWorld(async (world) => {
    const archive = await tiered(world, 200);
    const to = `${world.folder}/back`;
    await world.restore(to);
    const found = (key: string) => {
      const { version = "" } = { version: world.store.current(key)!.head.versionId };
      return world.log.index.restores.foundClass({ key, version });
    };
    assert.deepEqual(
      [found("a")?.archive, found("b")?.archive, found("c")],
      ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS", undefined],
    );
    world.reopen();
    archive.later(7);
    await world.restore(to, { resume: 1 });
    // Read once, it is in the frequent tier again.
    assert.deepEqual([found("a")?.archive, found("b")?.archive], [null, null]);
    assert.equal(world.events("StorageClassesFound").length, 2);
    world.verify();
  }));

Deno.test("what is too young to be in an archive tier is read without a HEAD", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`${i}`, `${i}`);
    await world.backup({ storageClass: "INTELLIGENT_TIERING" });
    const archive = simulatedArchive(world);
    world.store.requests.length = 0;
    assert.equal((await world.restore(`${world.folder}/back`)).exitCode, 0);
    assert.equal(archive.count("head"), 0);
    archive.later(100 * DAY);
    assert.equal((await world.restore(`${world.folder}/later`)).exitCode, 0);
    assert.equal(archive.count("head"), 20);
  }, { now: Date.now }));

Deno.test("an object that a refused GET told to be archived is in the next plan from the first", () =>
  inWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `content of ${name}`);
    await world.backup();
    const archive = simulatedArchive(world);
    archive.archive("a", "GLACIER");
    assert.equal((await world.restore(`${world.folder}/one`)).exitCode, 6);
    world.reopen();
    const plans: RestorePlan[] = [];
    const second = await world.restore(`${world.folder}/two`, { cold: watchPlans(plans) });
    assert.deepEqual([plans.length, plans[0]?.asked.objects], [1, 1]);
    assert.deepEqual([second.exitCode, second.objects.warming], [13, 1]);
    // Nor is it forgotten where somebody makes it readable again.
    archive.later(13);
    archive.archive("a", "STANDARD");
    assert.equal((await world.restore(`${world.folder}/two`, { resume: 2 })).exitCode, 0);
    assert.deepEqual([archive.asked.length, treeOf(`${world.folder}/two`)], [
      ...[1, treeOf(world.source)],
    ]);
    assert.equal((await world.restore(`${world.folder}/three`)).exitCode, 0);
    world.verify();
  }));

Deno.test("a copy outlives its restore: the next one is told warm by the index, until it has gone", () =>
  inWorld(async (world) => {
    world.write("a", "content");
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const archive = simulatedArchive(world);
    const to = `${world.folder}/back`;
    const versionId = world.store.current("a")!.head.versionId!;
    const warmUp = () => world.log.index.restores.warmUp({ key: "a", version: versionId });
    await world.restore(to);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.equal(warmUp()?.state, "warm");
    world.reopen();
    world.verify();
    assert.equal((await world.restore(`${world.folder}/again`)).exitCode, 0);
    assert.equal(archive.asked.length, 1);
    archive.later(9 * DAY);
    await world.restore(`${world.folder}/third`);
    assert.deepEqual([archive.asked.length, warmUp()?.state], [2, "warming"]);
    world.verify();
  }));

Deno.test("what is stored in an object's place, or where it is deleted, has no state of its own yet", () =>
  inWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `content of ${name}`);
    await world.backup();
    const archive = simulatedArchive(world);
    for (const key of ["a", "b"]) archive.archive(key, "GLACIER");
    await world.restore(`${world.folder}/one`);
    const { restores } = world.log.index;
    const known = (key: string) => restores.foundClass({ key, version: "" })?.storageClass;
    assert.deepEqual(["a", "b"].map(known), ["GLACIER", "GLACIER"]);
    world.write("a", "another content");
    Deno.removeSync(`${world.source}/b`);
    await world.backup({ delete: true, scan: { acceptDeletions: true } });
    assert.deepEqual(["a", "b"].map(known), [undefined, undefined]);
    world.verify();
  }, { versions: false }));
