import assert from "node:assert/strict";
import { packKey } from "../../src/core/pack/pack_layout.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { packKeys, packOptions, testKeys } from "./pack_world.ts";
import { restorePacks } from "./packed_world.ts";
import { simulatedArchive } from "./simulated_archive.ts";

const PACK = 300_000;

async function packed(world: World, keys?: Awaited<ReturnType<typeof testKeys>>) {
  for (let i = 0; i < 40; i++) {
    const bytes = new Uint8Array(20_000);
    crypto.getRandomValues(bytes);
    Deno.writeFileSync(`${world.source}/${i}`, bytes);
  }
  const packs = await packOptions(world, keys, { packSize: PACK });
  await world.backup({ storageClass: "DEEP_ARCHIVE", packs });
  assert(packKeys(world).length >= 3, "several packs");
  return simulatedArchive(world);
}

function sameFiles(world: World, to: string): void {
  for (const { name } of Deno.readDirSync(world.source)) {
    assert.deepEqual(
      Deno.readFileSync(`${to}/${name}`),
      Deno.readFileSync(`${world.source}/${name}`),
    );
  }
}

Deno.test("packs are asked for once each, and their files come when they are warm", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const archive = await packed(world, keys);
    const to = `${world.folder}/back`;
    const { opener } = keys;
    const first = await restorePacks(world, to, { opener });
    assert.deepEqual([first.exitCode, first.waiting], [13, 40]);
    assert.deepEqual(archive.asked.map(({ key }) => key).toSorted(), packKeys(world));
    archive.later(13);
    world.reopen();
    assert.equal((await restorePacks(world, to, { opener, resume: 1 })).exitCode, 0);
    sameFiles(world, to);
    assert.equal(archive.asked.length, packKeys(world).length);
    world.verify();
  }));

Deno.test("only the packs that the selected files are in are asked for", () =>
  inWorld(async (world) => {
    const archive = await packed(world);
    const selection = { paths: ["7"], include: undefined, exclude: undefined };
    const report = await restorePacks(world, `${world.folder}/back`, { selection });
    assert.deepEqual([report.waiting, archive.asked.length], [1, 1]);
    archive.later(13);
    const to = `${world.folder}/back`;
    assert.equal((await restorePacks(world, to, { selection, resume: 1 })).exitCode, 0);
    assert.deepEqual(Object.keys(treeOf(to)), ["7"]);
  }));

Deno.test("without an identity nothing is asked for", () =>
  inWorld(async (world) => {
    const archive = await packed(world, await testKeys());
    await assert.rejects(restorePacks(world, `${world.folder}/back`), { kind: "key" });
    assert.deepEqual(archive.asked, []);
    assert.equal(packKeys(world)[0], packKey(packKeys(world)[0].slice(9, 41), true));
  }));

Deno.test("with a wrong identity nothing is asked for: the packs' indexes tell", () =>
  inWorld(async (world) => {
    const archive = await packed(world, await testKeys());
    const { opener } = await testKeys();
    await assert.rejects(restorePacks(world, `${world.folder}/back`, { opener }), { kind: "key" });
    assert.deepEqual(archive.asked, []);
  }));

Deno.test("a pack that expires while it is read puts its files back", () =>
  inWorld(async (world) => {
    const archive = await packed(world);
    const to = `${world.folder}/back`;
    await restorePacks(world, to);
    archive.later(13);
    const { get } = world.store;
    let reads = 0;
    world.store.get = async (key, options) => {
      if (key.startsWith("packs/") && ++reads === 2) archive.later(24 * 9);
      return await get(key, options);
    };
    const report = await restorePacks(world, to, { resume: 1 });
    assert.deepEqual([report.exitCode, report.failed], [6, 0]);
    assert(report.waiting > 0 && report.waiting < 40, `${report.waiting}`);
    world.store.get = get;
    const asked = archive.asked.length;
    assert.equal((await restorePacks(world, to, { resume: 1 })).exitCode, 13);
    assert.equal(archive.asked.length - asked, report.objects.cold);
    archive.later(13);
    assert.equal((await restorePacks(world, to, { resume: 1 })).exitCode, 0);
    sameFiles(world, to);
    world.verify();
  }));
