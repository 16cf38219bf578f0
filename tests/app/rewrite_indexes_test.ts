import assert from "node:assert/strict";
import { PACK_INDEX_PREFIX } from "../../src/core/pack/pack_layout.ts";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { packOptions, type TestKeys, testKeys } from "./pack_world.ts";
import { indexKeys, packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { shipNow } from "./rebuilt_world.ts";
import { check, complaints, forget, prunePacksOf } from "./upkeep.ts";

async function backUp(world: World, script: string, keys?: TestKeys): Promise<void> {
  shell(world.source, script);
  const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
  await world.backup({ packs, scan: { acceptDeletions: true } });
  await shipNow(world);
}

/** All that an index may have to tell: what is changed, moved, linked, twice and large later on. */
const SCRIPTS = [
  "mkdir -p a/deep empty; head -c 3000 /dev/urandom > a/one; cp a/one a/copy; ln a/one hard; " +
  ": > nothing; ln -s a link; echo 2 > a/deep/two; head -c 5000000 /dev/urandom > large; " +
  "head -c 4000000 /dev/urandom > other",
  "mv a/deep b; echo more > b/new; cp large b/large; head -c 9 /dev/urandom >> large; " +
  "echo changed > a/copy; chmod 600 a/one; rm nothing",
  "mv a c; mv b c/b; touch c/b/two; cp c/b/new again; rm other; mkdir -p a/deep; echo 3 > a/deep/two",
];

function dropIndexes({ store }: World): number {
  const keys = indexKeys({ store } as World);
  for (const key of keys) store.objects.delete(key);
  return keys.length;
}

/** A rebuild without the log finds everything where it was, by the indexes that are there now. */
async function assertRebuilds(world: World): Promise<void> {
  const before = packedTree(world.log.index);
  await rebuildFromPacks(world);
  assert.deepEqual(packedTree(world.log.index), before);
  const to = `${world.folder}/back-${Math.random()}`;
  assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
  assert.deepEqual(treeOf(to), treeOf(world.source));
  world.verify();
}

Deno.test("a pack index that is missing is written again from the log, and tells the same", () =>
  inWorld(async (world) => {
    for (const script of SCRIPTS) await backUp(world, script);
    const lost = dropIndexes(world);
    const found = await check(world);
    assert.deepEqual([found.exitCode, found.missing, found.packs!.rewritten], [5, lost, 0]);
    assert.match(complaints(world)[0], /; `holdfast check --repair` writes it again from the log$/);
    const report = await check(world, { repair: true });
    assert.deepEqual([report.exitCode, report.packs!.rewritten], [5, lost]);
    assert.match(complaints(world).at(-1)!, /; it is written again from the log$/);
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    await assertRebuilds(world);
  }));

Deno.test("after a prune, and where a rebuild has made the log, an index is written again, too", () =>
  inWorld(async (world) => {
    await backUp(world, SCRIPTS[0]);
    await backUp(world, SCRIPTS[1]);
    forget(world, world.log.index.snapshots()[0].position);
    const packs = await packOptions(world, undefined, { chunkThreshold: 2 ** 20 });
    await prunePacksOf(world, { packs, maxDead: 0.01 });
    await backUp(world, SCRIPTS[2]);
    dropIndexes(world);
    await check(world, { repair: true });
    await assertRebuilds(world);
    // Its list was that of a former content, which the log of a rebuild has under no name.
    await backUp(world, "rm c/b/large");
    dropIndexes(world);
    await check(world, { repair: true });
    await assertRebuilds(world);
  }));

Deno.test("an encrypted index that is damaged is found once, and written again", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    for (const script of SCRIPTS) await backUp(world, script, keys);
    const [first, second] = indexKeys(world);
    world.store.objects.delete(first);
    const versions = world.store.objects.get(second)!;
    versions.at(-1)!.body[versions.at(-1)!.body.length >> 1] ^= 1;
    const report = await check(world, { readData: 100, repair: true }, keys);
    assert.deepEqual(complaints(world).map((text) => text.split(": ")[0]).sort(), [first, second]);
    assert.deepEqual([report.missing, report.damaged, report.packs!.rewritten], [1, 1, 2]);
    const again = await check(world, { readData: 100 }, keys);
    assert.deepEqual([again.exitCode, again.read.objects > 0], [0, true]);
  }));

Deno.test("an index is not written in clear where the pack is encrypted", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    await backUp(world, "echo 1 > a", keys);
    dropIndexes(world);
    const packs = await packOptions(world);
    await world.backup({ packs });
    const report = await check(world, { repair: true });
    assert.deepEqual([report.exitCode, report.packs!.rewritten], [5, 0]);
    assert.match(complaints(world)[0], /; it cannot be written again: .* no recipients any more$/);
    assert.deepEqual(
      [...world.store.objects.keys()].filter((k) => k.startsWith(PACK_INDEX_PREFIX)),
      [],
    );
  }));

Deno.test("in a mirror there is nothing to be repaired", () =>
  inWorld(async (world) => {
    world.write("a", "1");
    await world.backup();
    await failsWith(check(world, { repair: true }), "usage");
  }));
