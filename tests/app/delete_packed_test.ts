import assert from "node:assert/strict";
import type { DeletePlan } from "../../src/core/plan/delete_plan.ts";
import { packOfKey } from "../../src/core/pack/pack_layout.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { membersOf, packKeys, packOptions, type TestKeys, testKeys } from "./pack_world.ts";
import { backupWith, cutOff, indexCount, randomFile } from "./pack_upkeep.ts";
import { check, complaints, deletePackedOf, forget } from "./upkeep.ts";

const KEYS = await testKeys();
const SECRET = "the secret that nobody may read";

/** All that any pack in the store has, every version of it. */
async function readable(world: World, keys?: TestKeys): Promise<string> {
  const all: string[] = [];
  for (const key of packKeys(world)) {
    for (const { name, content } of await membersOf(world, key, keys)) all.push(name, content);
  }
  return all.join("\n");
}

for (const keys of [KEYS, undefined]) {
  const how = keys === undefined ? "plain" : "encrypted";
  Deno.test(`of a path that is deleted no copy is left, in no version and no snapshot (${how})`, () =>
    inWorld(async (world) => {
      const packs = await packOptions(world, keys);
      const first = await backupWith(
        world,
        `mkdir d; printf '${SECRET} one' > d/secret; echo kept > d/kept; ln -s kept d/l`,
        keys,
      );
      const second = await backupWith(world, `printf '${SECRET} two' > d/secret`, keys);
      await backupWith(world, "mv d moved", keys);
      forget(world, first);
      const path = ["moved/secret"];
      // It had another name in a snapshot that is kept: that is said, and has to be named, too.
      const some = await deletePackedOf(world, path, { packs, keys, force: true });
      assert.deepEqual([some.exitCode, some.plan.staying], [
        3,
        [{ place: "moved/secret", sameAs: { place: "d/secret", snapshot: second } }],
      ]);
      const both = [...path, "d/secret"];
      await failsWith(deletePackedOf(world, both, { packs, keys }), "guard");
      assert.ok((await readable(world, keys)).includes(SECRET), "nothing was done");
      const plans: DeletePlan[] = [];
      const report = await deletePackedOf(world, both, {
        ...{ packs, keys, force: true, show: (plan) => void plans.push(plan) },
      });
      assert.deepEqual([report.exitCode, report.kept, report.lost], [0, 0, 1]);
      assert.deepEqual(plans[0].losing.map(({ place, isCurrent }) => [place, isCurrent]), [
        ["moved/secret", true],
      ]);
      assert.equal(plans[0].losing[0].snapshots.length, 2);
      assert.equal((await readable(world, keys)).includes(SECRET), false);
      assert.deepEqual(world.log.index.snapshots().map(({ lost }) => lost), [0, 1, 1]);
      assert.equal(packKeys(world).length, indexCount(world));
      const versions = [...world.store.objects].filter(([key]) => key.startsWith("packs/"));
      assert.equal(versions.length, packKeys(world).length, "no version is left");
      // What else was there is there, and that something was given up is no damage.
      const wanted = { ...treeOf(world.source) };
      delete wanted["moved/secret"];
      const to = Deno.makeTempDirSync({ dir: world.folder });
      const opener = keys === undefined ? {} : { opener: keys.opener };
      await world.restore(to, { wanted: { kind: "head" }, ...opener });
      assert.deepEqual(treeOf(to), wanted);
      world.signals.length = 0;
      const found = await check(world, { readData: 100, snapshots: true }, keys);
      assert.equal(found.exitCode, 0, complaints(world).join("\n"));
      world.verify();
      // The source still has it: so the next backup stores it again, as was said.
      await backupWith(world, "true", keys);
      assert.ok((await readable(world, keys)).includes(`${SECRET} two`));
    }));
}

Deno.test("what is removed from the source and in no snapshot goes, too: dead is not unreadable", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(world, `printf '${SECRET}' > s; ${randomFile("big", 90_000)}`);
    await backupWith(world, "rm s");
    forget(world, first);
    const report = await deletePackedOf(world, ["s"], { packs });
    assert.deepEqual([report.exitCode, report.plan.counts.repack, report.lost], [0, 1, 0]);
    assert.equal((await readable(world)).includes(SECRET), false);
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    await failsWith(deletePackedOf(world, ["never"], { packs }), "usage");
    world.verify();
  }));

Deno.test("a folder with a large file goes, but for chunks and files that others have", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, undefined, { chunkThreshold: 2 ** 20 });
    await backupWith(
      world,
      `mkdir f; ${
        randomFile("f/large", 6_000_000)
      }; cp f/large other; printf x >> other; echo same > f/a; cp f/a b`,
    );
    const report = await deletePackedOf(world, ["f"], { packs, force: true });
    assert.deepEqual(report.plan.staying, [{ place: "f/a", sameAs: { place: "b" } }]);
    assert.deepEqual(report.plan.losing.map(({ place }) => place), ["f/large"]);
    assert.equal(report.exitCode, 3);
    const to = Deno.makeTempDirSync({ dir: world.folder });
    await world.restore(to, { wanted: { kind: "head" } });
    assert.deepEqual(Object.keys(treeOf(to)).sort(), ["b", "f/", "f/a", "other"]);
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    world.verify();
  }));

Deno.test("an archived pack without the source: refused, and with --force the whole pack goes", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const archive = { storageClass: "DEEP_ARCHIVE" };
    await backupWith(
      world,
      `printf '${SECRET}' > s; echo k > k; ${randomFile("n", 9000)}`,
      undefined,
      archive,
    );
    await backupWith(world, "echo l > l", undefined, archive);
    const without = { packs, ...archive, noSource: true as const };
    const plans: DeletePlan[] = [];
    const show = (plan: DeletePlan) => void plans.push(plan);
    await failsWith(deletePackedOf(world, ["s"], { ...without, show }), "guard");
    assert.match(plans[0].hindered[0].why, /nothing is read from DEEP_ARCHIVE/);
    assert.equal(plans[0].fromStore, 0);
    assert.deepEqual(plans[0].losing.map(({ place }) => place).sort(), ["k", "n", "s"]);
    assert.equal(packKeys(world).length, 2);
    const report = await deletePackedOf(world, ["s"], { ...without, force: true });
    assert.deepEqual([report.exitCode, report.lost, packKeys(world).length], [0, 3, 1]);
    world.verify();
    // What the source still has is packed again.
    await backupWith(world, "rm s", undefined, archive);
    assert.equal((await readable(world)).includes(SECRET), false);
    assert.equal((await check(world, { snapshots: true })).exitCode, 0);
    const to = Deno.makeTempDirSync({ dir: world.folder });
    await world.restore(to, { wanted: { kind: "head" } });
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("a readable pack without an identity is exit code 12, with --force too: nothing is given up", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, KEYS);
    await backupWith(world, `printf '${SECRET}' > s; echo k > k`, KEYS);
    const without = { packs, noSource: true as const, force: true };
    await failsWith(deletePackedOf(world, ["s"], without), "key");
    const report = await deletePackedOf(world, ["s"], { ...without, keys: KEYS });
    assert.deepEqual([report.lost, (await readable(world, KEYS)).includes(SECRET)], [1, false]);
  }));

Deno.test("of a damaged pack --force gives up what is lost, and not what can still be read", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, KEYS, { chunkThreshold: 2 ** 20 });
    const files = ["a", "b", "c"].map((name) => randomFile(name, 900_000)).join("; ");
    await backupWith(world, `${files}; ${randomFile("large", 7_000_000)}`, KEYS);
    const [key] = packKeys(world);
    world.store.current(key)!.body[400_000] ^= 1;
    await check(world, { readData: 100 }, KEYS);
    const lost = complaints(world).map((text) => text.split(": ")[0]).filter((one) => one !== key);
    assert.deepEqual(lost, ["a", "b"]);
    const test = { packs, noSource: true as const, force: true };
    await failsWith(deletePackedOf(world, ["c"], test), "key");
    const plans: DeletePlan[] = [];
    const show = (plan: DeletePlan) => void plans.push(plan);
    const report = await deletePackedOf(world, ["c"], { ...test, keys: KEYS, show });
    assert.deepEqual([report.exitCode, report.deleted, report.packs], [0, 1, 1]);
    assert.deepEqual(plans[0].losing.map(({ place }) => place).sort(), ["a", "b", "c"]);
    const to = `${world.folder}/back`;
    await world.restore(to, { wanted: { kind: "head" }, opener: KEYS.opener });
    assert.deepEqual([Object.keys(treeOf(to)), treeOf(to).large], [
      ["large"],
      treeOf(world.source).large,
    ]);
  }));

Deno.test("a pack by its id or key: refused where a snapshot needs it, named what it takes along", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(world, "echo a > a; echo b > b; ln -s a l");
    await backupWith(world, "echo c > c");
    const [key] = world.events("PackStored").map(({ data }) => data.key);
    const plans: DeletePlan[] = [];
    const show = (plan: DeletePlan) => void plans.push(plan);
    await failsWith(deletePackedOf(world, [key], { packs, show }), "guard");
    assert.deepEqual(plans[0].losing.map(({ place }) => place), ["a", "b"]);
    assert.deepEqual(plans[0].snapshots.map(({ entries }) => entries), [2, 2]);
    assert.equal(world.store.count("delete"), 0);
    const { pack } = packOfKey(key)!;
    const report = await deletePackedOf(world, [pack], { packs, force: true });
    assert.deepEqual([report.exitCode, report.deleted, report.lost], [0, 1, 2]);
    assert.equal(packKeys(world).includes(key), false);
    assert.equal(world.log.index.unstoredTotals().entries, 2);
    await backupWith(world, "true");
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    // The first snapshot finds the same contents where they are now.
    const to = Deno.makeTempDirSync({ dir: world.folder });
    const back = await world.restore(to, { wanted: { kind: "snapshot", snapshot: first } });
    assert.equal(back.exitCode, 0);
    assert.deepEqual(Object.keys(treeOf(to)).sort(), ["a", "b", "l"]);
    world.verify();
  }));

Deno.test("a pack whose contents others have goes without --force; one that is gone is dealt with, too", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    await backupWith(world, "echo a > a");
    const [key] = packKeys(world);
    const there = world.store.objects.get(key)!;
    world.store.objects.delete(key);
    await check(world);
    await backupWith(world, "true");
    world.store.objects.set(key, there);
    assert.equal(packKeys(world).length, 2);
    const report = await deletePackedOf(world, [key], { packs });
    assert.deepEqual([report.exitCode, report.deleted, report.lost], [0, 1, 0]);
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    const [last] = packKeys(world);
    world.store.objects.delete(last);
    await check(world);
    assert.equal((await deletePackedOf(world, [last], { packs, force: true })).deleted, 1);
    await backupWith(world, "true");
    assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
    world.verify();
  }));

Deno.test("a deletion that is cut off at any step is decided wholly or not at all, and then done", async () => {
  let [cut, stop] = [true, 1];
  for (; cut; stop++) {
    await inWorld(async (world) => {
      const packs = await packOptions(world, KEYS);
      await backupWith(world, `printf '${SECRET}' > s; echo k > k; mkdir d`, KEYS);
      const test = { packs, keys: KEYS, force: true };
      cut = await cutOff(world, stop, () => deletePackedOf(world, ["s"], test));
      const isDecided = world.events("DeletionPlanned").length > 0;
      if (!isDecided) {
        assert.ok((await readable(world, KEYS)).includes(SECRET), `${stop}`);
        await deletePackedOf(world, ["s"], test);
      }
      // Once it is decided, whatever comes next finishes it.
      await backupWith(world, "rm s", KEYS);
      assert.equal((await readable(world, KEYS)).includes(SECRET), false, `${stop}`);
      assert.equal(packKeys(world).length, indexCount(world));
      const to = Deno.makeTempDirSync({ dir: world.folder });
      await world.restore(to, { wanted: { kind: "head" }, opener: KEYS.opener });
      assert.deepEqual(treeOf(to), treeOf(world.source), `${stop}`);
      assert.equal((await check(world, { readData: 100, snapshots: true }, KEYS)).exitCode, 0);
      world.verify();
    });
  }
  assert.ok(stop > 15, `${stop} steps`);
});
