import assert from "node:assert/strict";
import type { PackPlan } from "../../src/core/plan/pack_plan.ts";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf } from "./app_world.ts";
import { membersOf, packKeys, packOptions, testKeys } from "./pack_world.ts";
import { packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { shipNow } from "./rebuilt_world.ts";
import { assertWhole, backupWith, indexCount, randomFile, restored } from "./pack_upkeep.ts";
import { forget, prunePacksOf } from "./upkeep.ts";

const KEYS = await testKeys();

for (const versions of [true, false]) {
  Deno.test(`a pack that nothing kept needs goes with its index, ${versions ? "" : "no "}versions`, () =>
    inWorld(async (world) => {
      const packs = await packOptions(world);
      const first = await backupWith(world, randomFile("a", 5000));
      await backupWith(world, randomFile("a", 5000));
      assert.equal((await prunePacksOf(world, { packs })).plan.steps.length, 0);
      forget(world, first);
      const plans: PackPlan[] = [];
      const accept = (plan: PackPlan) => Promise.resolve(plans.push(plan) > 0);
      const report = await prunePacksOf(world, { packs, accept });
      assert.deepEqual(plans[0].counts, { delete: 1, repack: 0, merge: 0 });
      assert.deepEqual([report.exitCode, report.deleted, report.packs], [0, 1, 0]);
      assert.deepEqual([packKeys(world).length, indexCount(world)], [1, 1]);
      const left = [...world.store.objects.keys()].filter((key) => key.startsWith("packs/"));
      assert.equal(left.length, 1, "no version and no delete marker is left");
      assert.equal((await prunePacksOf(world, { packs })).plan.steps.length, 0);
      await assertWhole(world);
    }, { versions }));
}

Deno.test("nothing is done where the plan is not accepted, or in a dry run", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(world, randomFile("a", 5000));
    await backupWith(world, randomFile("a", 5000));
    forget(world, first);
    const accept = () => Promise.resolve(false);
    const report = await prunePacksOf(world, { packs, accept, dryRun: true });
    assert.deepEqual([report.accepted, report.plan.steps.length, report.deleted], [false, 1, 0]);
    assert.equal(world.store.count("delete"), 0);
    assert.deepEqual(world.events("DeletionPlanned"), []);
  }));

Deno.test("without a snapshot prune refuses; a mirror is none of its business", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    await failsWith(prunePacksOf(world, { packs }), "no-repository");
    const snapshot = await backupWith(world, "echo 1 > a");
    forget(world, snapshot);
    await failsWith(prunePacksOf(world, { packs }), "usage");
  }));

for (const [from, keys] of [["source", KEYS], ["store", KEYS], ["store", undefined]] as const) {
  const how = `from the ${from}, ${keys === undefined ? "plain" : "encrypted"}`;
  Deno.test(`a pack that is mostly dead is packed again ${how}`, () =>
    inWorld(async (world) => {
      const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
      const kept =
        "mkdir -p d/e; echo small > d/small; ln -s small d/link; : > empty; cp d/small dup";
      const first = await backupWith(
        world,
        `${kept}; ${randomFile("large", 5_000_000)}; ${randomFile("gone", 9_000_000)}; ${
          randomFile("k", 90_000)
        }`,
        keys,
      );
      await backupWith(world, "rm gone", keys);
      forget(world, first);
      const gets = world.store.count("get");
      const test = from === "source" ? {} : { keys, noSource: true as const };
      const report = await prunePacksOf(world, { packs, ...test });
      assert.deepEqual(report.plan.counts, { delete: 0, repack: 1, merge: 0 });
      const { fromSource, fromStore } = report.plan;
      assert.deepEqual([fromSource > 0, fromStore > 0], [from === "source", from === "store"]);
      if (from === "source") assert.equal(world.store.count("get"), gets + 1, "repository.json");
      assert.deepEqual([report.deleted, report.packs, packKeys(world).length], [1, 1, 1]);
      const names = (await membersOf(world, packKeys(world)[0], keys)).map(({ name }) => name);
      for (const name of ["d/", "d/e/", "d/link", "empty", "k", "large.holdfast-chunks"]) {
        assert.ok(names.includes(name), `${name} is no member: ${names}`);
      }
      assert.equal(names.some((name) => name === "gone" || name.startsWith("gone.")), false);
      assert.equal((await prunePacksOf(world, { packs, keys })).plan.steps.length, 0);
      await assertWhole(world, keys);
    }));
}

Deno.test("what only a snapshot has is packed again without a name, large files with their list", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, KEYS, { chunkThreshold: 2 ** 20 });
    const first = await backupWith(
      world,
      `echo former > a; ${randomFile("large", 5_000_000)}; ${randomFile("gone", 9_000_000)}`,
      KEYS,
    );
    const second = await backupWith(world, "rm gone", KEYS);
    const wanted = treeOf(world.source);
    await backupWith(world, "rm large; echo now > a", KEYS);
    forget(world, first);
    const report = await prunePacksOf(world, { packs, keys: KEYS });
    assert.equal(report.plan.counts.repack, 1);
    assert.deepEqual(await restored(world, second, KEYS), wanted);
    await assertWhole(world, KEYS);
    // Back again, it is found by its hash.
    const before = packKeys(world).length;
    const to = Deno.makeTempDirSync({ dir: world.folder });
    await world.restore(to, {
      wanted: { kind: "snapshot", snapshot: second },
      opener: KEYS.opener,
    });
    Deno.copyFileSync(`${to}/large`, `${world.source}/large`);
    await backupWith(world, "true", KEYS);
    assert.equal(packKeys(world).length, before);
    await assertWhole(world, KEYS);
  }));

Deno.test("nothing is read from an archive class: without the source the pack stays, and it is said", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const archive = { storageClass: "DEEP_ARCHIVE" };
    const first = await backupWith(
      world,
      `${randomFile("a", 50_000)}; ${randomFile("b", 90_000)}`,
      undefined,
      archive,
    );
    await backupWith(world, "rm b", undefined, archive);
    forget(world, first);
    world.store.before = (operation, key) => {
      assert.ok(operation !== "get" || !key.startsWith("packs/"), `${key} was read`);
    };
    const left = await prunePacksOf(world, { packs, ...archive, noSource: true });
    assert.deepEqual([left.plan.steps.length, left.plan.left.length, left.deleted], [0, 1, 0]);
    assert.match(left.plan.left[0].why, /nothing is read from DEEP_ARCHIVE/);
    const { plan } = await prunePacksOf(world, { packs, ...archive });
    assert.equal(plan.counts.repack, 1);
    assert.equal(plan.steps[0].chargedDays, 180);
    assert.equal(packKeys(world).length, 1);
    world.store.before = () => {};
    await assertWhole(world);
  }));

Deno.test("an encrypted pack is not read without an identity, and with a wrong one exit code is 12", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, KEYS);
    const first = await backupWith(
      world,
      `${randomFile("a", 5000)}; ${randomFile("b", 90_000)}`,
      KEYS,
    );
    await backupWith(world, "rm b", KEYS);
    forget(world, first);
    const { plan } = await prunePacksOf(world, { packs, noSource: true });
    assert.match(plan.left[0].why, /without --identity/);
    await failsWith(prunePacksOf(world, { packs, noSource: true, keys: await testKeys() }), "key");
    assert.equal(packKeys(world).length, 1);
  }));

Deno.test("eight small packs become one; seven are left, and archived ones until they cost nothing", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, KEYS);
    for (let i = 1; i <= 7; i++) {
      await backupWith(world, `mkdir d${i}; ${randomFile(`d${i}/f`, 2000)}`, KEYS);
    }
    assert.equal((await prunePacksOf(world, { packs })).plan.steps.length, 0);
    await backupWith(world, `${randomFile("last", 2000)}; cp d1/f dup`, KEYS);
    const report = await prunePacksOf(world, { packs });
    assert.deepEqual(report.plan.counts, { delete: 0, repack: 0, merge: 8 });
    assert.deepEqual([report.deleted, report.packs, packKeys(world).length], [8, 1, 1]);
    await assertWhole(world, KEYS);
    const archive = { storageClass: "GLACIER" };
    for (let i = 1; i <= 8; i++) await backupWith(world, randomFile(`a${i}`, 2000), KEYS, archive);
    assert.equal((await prunePacksOf(world, { packs, ...archive })).plan.steps.length, 0);
    world.clock.time += 91n * 86_400_000_000_000n;
    assert.equal((await prunePacksOf(world, { packs, ...archive })).plan.counts.merge, 9);
    await assertWhole(world, KEYS);
  }));

Deno.test("a content that was pruned is packed again when its file is back", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    shell(world.folder, randomFile("aside", 4000));
    const first = await backupWith(world, `cp -p ../aside a; ${randomFile("b", 10)}`);
    await backupWith(world, `rm a; ${randomFile("b", 10)}`);
    forget(world, first);
    assert.equal((await prunePacksOf(world, { packs })).deleted, 1);
    await backupWith(world, "cp -p ../aside a");
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    await assertWhole(world);
  }));

Deno.test("what was packed again comes back without the log: links, folders, and what has no member", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(
      world,
      `mkdir -p d/e; echo small > d/a; cp d/a d/dup; ln -s a d/l; : > d/empty; chmod 700 d/e; ${
        randomFile("gone", 90_000)
      }`,
    );
    await backupWith(world, "rm gone; cp d/a d/dup2; mkdir d/f");
    await backupWith(world, "mv d/a d/moved; chmod 600 d/dup; echo more > d/f/more");
    await shipNow(world);
    forget(world, first);
    const { plan } = await prunePacksOf(world, { packs, maxDead: 0 });
    assert.equal(plan.counts.repack, 1);
    const before = packedTree(world.log.index);
    await rebuildFromPacks(world);
    assert.deepEqual(packedTree(world.log.index), before);
    const to = Deno.makeTempDirSync({ dir: world.folder });
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("undo of the run before a prune works as ever", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(
      world,
      `${randomFile("a", 500)}; ${randomFile("b", 9000)}; mkdir d`,
    );
    await backupWith(world, "rm b; echo new > c");
    forget(world, first);
    assert.equal((await prunePacksOf(world, { packs })).plan.counts.repack, 1);
    const { undo } = await import("./upkeep.ts");
    const report = await undo(world);
    assert.deepEqual(report.told, ["folder ", "lost b", "remove c"]);
    world.verify();
  }));
