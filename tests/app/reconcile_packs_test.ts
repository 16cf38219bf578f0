import assert from "node:assert/strict";
import { packIndexKey, packOfKey } from "../../src/core/pack/pack_layout.ts";
import { inWorld, type World } from "./app_world.ts";
import { healStore } from "./heal_world.ts";
import { packOptions } from "./pack_world.ts";
import { differencesIn, reconcileStore } from "./reconcile_world.ts";

async function twoPacks(world: World): Promise<string[]> {
  const packs = await packOptions(world);
  for (const name of ["a", "b"]) {
    world.write(name, `content of ${name}`);
    await world.backup({ packs });
  }
  return world.events("PackStored").map(({ data }) => data.key);
}

Deno.test("packs that are as they were stored are found so by one LIST", () =>
  inWorld(async (world) => {
    await twoPacks(world);
    const heads = world.store.count("head");
    const report = await reconcileStore(world);
    assert.deepEqual([report.exitCode, report.missing, report.unknown.objects], [0, 0, 0]);
    assert.equal(world.store.count("head"), heads);
  }));

Deno.test("a pack that is gone loses what is in it, and healing packs that again", () =>
  inWorld(async (world) => {
    const [first] = await twoPacks(world);
    world.store.objects.delete(first);
    const report = await reconcileStore(world);
    assert.deepEqual([report.exitCode, report.missing], [5, 2]);
    assert.deepEqual(report.healable, { entries: 1, packs: 1 });
    assert.deepEqual(differencesIn(world), [`missing ${first}`, `missing ${first}`]);
    const packs = await packOptions(world);
    const healed = await healStore(world, { packs });
    assert.deepEqual([healed.exitCode, healed.healed], [0, 1]);
    world.verify();
  }));

Deno.test("a pack index that is gone is told with the way back, and no entry loses anything", () =>
  inWorld(async (world) => {
    const [first] = await twoPacks(world);
    const index = packIndexKey(packOfKey(first)!.pack, false);
    world.store.objects.delete(index);
    const report = await reconcileStore(world);
    assert.deepEqual([report.exitCode, report.missing], [5, 1]);
    assert.deepEqual(report.healable, { entries: 0, packs: 0 });
    assert.deepEqual(differencesIn(world), [`missing ${index}`]);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
  }));

Deno.test("a pack of nobody is unknown, and stays although unknown objects are to go", () =>
  inWorld(async (world) => {
    await twoPacks(world);
    const key = `packs/ab/${"ab".repeat(16)}.tar.zst`;
    await world.store.put(key, new Uint8Array(10), {});
    const report = await reconcileStore(world, { acceptDeletions: () => Promise.resolve(true) });
    assert.deepEqual(report.unknown, { objects: 1, bytes: 10 });
    assert.deepEqual(Object.fromEntries(report.removed!.plan.left), { "a pack": 1 });
    assert.ok(world.store.current(key));
  }));

Deno.test("a pack that the log knows as given up is adopted from its index", () =>
  inWorld(async (world) => {
    const [first] = await twoPacks(world);
    const { pack } = packOfKey(first)!;
    // As after a pack whose completion this log has not seen.
    world.log.append("ee".repeat(16), [
      { type: "PackAborted", data: { pack, key: first, reason: "test" } },
    ]);
    const report = await reconcileStore(world, { adopt: true });
    assert.deepEqual([report.exitCode, report.adopted!.objects], [0, 1]);
    const again = await reconcileStore(world);
    assert.deepEqual([again.exitCode, again.unknown.objects], [0, 0]);
    const back = `${world.folder}/back`;
    await world.restore(back, { wanted: { kind: "head" } });
    assert.equal(Deno.readTextFileSync(`${back}/a`), "content of a");
    world.verify();
  }));
