import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { checkMaxCost } from "../../src/core/cost/max_cost.ts";
import { type HealPlan, priceHeal } from "../../src/core/cost/price_heal.ts";
import { isKind } from "../../src/core/error.ts";
import { lossPositions } from "../../src/app/lost_entries.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { fakeBatchJobs } from "./fake_batch_jobs.ts";
import { healStore, rot } from "./heal_world.ts";
import { packKeys, packOptions, testKeys } from "./pack_world.ts";
import { simulatedArchive } from "./simulated_archive.ts";
import { check, complaints, deletePackedOf, pruneStore } from "./upkeep.ts";

const COLD = { storageClass: "DEEP_ARCHIVE" };
const PRICING = { prices: AWS_PRICES, region: "us-east-1" };

async function restored(world: World, snapshot?: number): Promise<Record<string, string>> {
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const report = await world.restore(to, {
    wanted: snapshot === undefined ? { kind: "head" } : { kind: "snapshot", snapshot },
  });
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  return treeOf(to);
}

for (const versions of [true, false]) {
  const store = versions ? "a versioned store" : "a store without versions";
  Deno.test(`in ${store} what a check has found lost is stored again, and nothing else`, () =>
    inWorld(async (world) => {
      shell(
        world.source,
        "mkdir -p a/b empty; echo one > a/one; echo two > a/b/two; ln -s one a/l",
      );
      const { snapshot } = await world.backup();
      world.store.objects.delete("a/one");
      world.store.objects.delete("a/l");
      world.store.objects.delete("empty/");
      rot(world, "a/b/two");
      world.write("a/new", "not in the backup yet");
      assert.equal((await check(world, { readData: 100 })).exitCode, 5);
      const puts = world.store.count("put");
      const planned = await healStore(world, { dryRun: true });
      assert.deepEqual([planned.lost, planned.healed, planned.left], [4, 4, 0]);
      assert.equal(world.store.count("put"), puts, "a dry run stores nothing");
      const report = await healStore(world);
      assert.deepEqual(
        [report.exitCode, report.lost, report.healed, report.left, report.bytes],
        [0, 4, 4, 0, 8],
      );
      assert.equal(world.store.count("put"), puts + 4);
      assert.equal(world.store.current("a/new"), undefined);
      world.signals.length = 0;
      assert.equal((await check(world, { readData: 100, snapshots: true })).exitCode, 0);
      assert.deepEqual(complaints(world), []);
      Deno.removeSync(`${world.source}/a/new`);
      assert.deepEqual(await restored(world), treeOf(world.source));
      assert.deepEqual((await healStore(world)).lost, 0, "there is nothing left to heal");
      const [{ data }] = world.events("ObjectHealed");
      assert.deepEqual(data.objects.map(({ path, from }) => [path, from]).sort(), [
        ["a/b/two", "a/b/two"],
        ["a/l", "a/l"],
        ["a/one", "a/one"],
        ["empty", "empty/"],
      ]);
      assert.ok(data.objects.every(({ lost, content }) => content!.stored > lost));
      assert.ok(snapshot! > 0);
      world.verify();
    }, { versions }));
}

Deno.test("a snapshot that had the lost object gives back the healed one, also after a prune", () =>
  inWorld(async (world) => {
    world.write("file", "of the snapshot");
    const { snapshot } = await world.backup();
    const before = treeOf(world.source);
    world.store.objects.delete("file");
    await check(world);
    assert.equal((await healStore(world)).healed, 1);
    assert.deepEqual(await restored(world, snapshot), before);
    Deno.removeSync(`${world.source}/file`);
    world.write("other", "now");
    await world.backup({ scan: { acceptDeletions: true } });
    await pruneStore(world);
    assert.deepEqual(await restored(world, snapshot), before);
    world.verify();
  }));

Deno.test("a snapshot that had a damaged, archived object warms up and gives back the healed one", () =>
  inWorld(async (world) => {
    world.write("d/file", "of the snapshot");
    const { snapshot } = await world.backup(COLD);
    const before = treeOf(world.source);
    rot(world, "d/file");
    const batch = fakeBatchJobs(world);
    const accept = () => Promise.resolve(true);
    const archived = { batch, keyPrefix: "prefix/", show() {}, accept };
    assert.equal((await check(world, { archived })).damaged, 1);
    assert.equal((await healStore(world, COLD)).healed, 1);
    const archive = simulatedArchive(world);
    const to = `${world.folder}/back`;
    const wanted = { kind: "snapshot" as const, snapshot: snapshot! };
    assert.equal((await world.restore(to, { wanted })).exitCode, 13);
    archive.later(13);
    assert.equal((await world.restore(to, { wanted, resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), before);
    assert.equal(archive.asked.length, 1);
    world.verify();
  }));

Deno.test("what the source has not any more is told with the snapshots that lose it, exit code 5", () =>
  inWorld(async (world) => {
    for (const name of ["gone", "changed", "rotten"]) world.write(name, `content of ${name}`);
    const first = (await world.backup()).snapshot!;
    world.write("new", "x");
    const second = (await world.backup()).snapshot!;
    for (const name of ["gone", "changed", "rotten"]) world.store.objects.delete(name);
    await check(world);
    Deno.removeSync(`${world.source}/gone`);
    world.write("changed", "another content");
    world.signals.length = 0;
    // The same stat with other bytes: the disk has gone bad.
    const row = world.log.index.tables.findEntry(1, new TextEncoder().encode("rotten"))!;
    const file = `${world.source}/rotten`;
    Deno.writeTextFileSync(file, "CONTENT of rotten");
    const faults = (path: string) => path === "rotten" ? row.stat : undefined;
    const report = await healStore(world, {
      sources: [{ name: "", source: withStat(world.source, faults) }],
    });
    assert.deepEqual(
      [report.exitCode, report.lost, report.healed, report.left, report.snapshots],
      [5, 3, 0, 3, [first, second]],
    );
    const told = complaints(world).sort();
    const lose = `; snapshots ${first}, ${second} cannot give it back`;
    assert.deepEqual(told, [
      "changed: not healed: it has changed in the source since: the next backup stores what it is " +
      `now${lose}`,
      `gone: not healed: the source does not have it any more${lose}`,
      "rotten: not healed: its content in the source is another one, with the same size and times: " +
      `one of the two is damaged${lose}`,
    ]);
    assert.equal(world.events("ObjectHealed").length, 0);
    world.verify();
  }));

Deno.test("without its source nothing is healed, and each entry is told", () =>
  inWorld(async (world) => {
    world.write("a", "1");
    await world.backup();
    world.store.objects.delete("a");
    await check(world);
    const report = await healStore(world, { source: `${world.folder}/nowhere` });
    assert.deepEqual([report.exitCode, report.lost, report.left], [5, 1, 1]);
    assert.match(
      complaints(world).at(-1)!,
      /^a: not healed: the source is not there; snapshot \d+/,
    );
    assert.equal((await healStore(world)).healed, 1);
  }));

Deno.test("names of one file are healed with one upload, a large one in parts", () =>
  inWorld(async (world) => {
    shell(world.source, "head -c 3000000 /dev/urandom > large; echo x > one; ln one two");
    await world.backup();
    for (const key of ["large", "one"]) world.store.objects.delete(key);
    world.store.objects.delete("two");
    await check(world);
    const puts = world.store.count("put");
    const report = await healStore(world);
    assert.deepEqual([report.exitCode, report.left], [0, 0]);
    // "two" is an alias of the key "one": the content goes aside, once, with its sidecar.
    assert.equal(world.store.count("put"), puts + 2);
    assert.equal((await check(world, { readData: 100 })).exitCode, 0);
    world.verify();
  }));

for (const encrypted of [true, false]) {
  const how = encrypted ? "encrypted" : "plain";
  Deno.test(`contents of a lost ${how} pack are packed again; once it is given up the check is clean`, () =>
    inWorld(async (world) => {
      const keys = encrypted ? await testKeys() : undefined;
      const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
      shell(
        world.source,
        "mkdir d; head -c 5000 /dev/urandom > a; head -c 3000000 /dev/urandom > big",
      );
      await world.backup({ packs });
      const [first] = packKeys(world);
      shell(world.source, "head -c 9000 /dev/urandom > c");
      await world.backup({ packs });
      world.store.objects.delete(first);
      assert.equal((await check(world, {}, keys)).exitCode, 5);
      const report = await healStore(world, { packs });
      assert.deepEqual([report.exitCode, report.left], [0, 0]);
      assert.equal(report.healed, 2);
      const to = `${world.folder}/back`;
      const wanted = { kind: "head" } as const;
      const opener = keys === undefined ? {} : { opener: keys.opener };
      assert.equal((await world.restore(to, { wanted, ...opener })).exitCode, 0);
      assert.deepEqual(treeOf(to), treeOf(world.source));
      await deletePackedOf(world, [first], { packs, ...(keys === undefined ? {} : { keys }) });
      world.signals.length = 0;
      const again = await check(world, { readData: 100, snapshots: true }, keys);
      assert.equal(again.exitCode, 0, complaints(world).join("\n"));
      world.verify();
    }));
}

Deno.test("what healing costs is told before anything is stored, and a limit stops it", () =>
  inWorld(async (world) => {
    for (const name of ["damaged", "missing", "changed"]) world.write(name, name.repeat(30_000));
    await world.backup(COLD);
    world.clock.time += 100n * 86_400_000_000_000n;
    rot(world, "damaged");
    world.store.objects.delete("missing");
    world.store.objects.delete("changed");
    const archived = { batch: fakeBatchJobs(world), keyPrefix: "prefix/" };
    await check(world, {
      archived: { ...archived, accept: () => Promise.resolve(true), show() {} },
    });
    world.write("changed", "other");
    const puts = world.store.count("put");
    const plans: (HealPlan & { puts: number })[] = [];
    const told = (plan: HealPlan) =>
      void plans.push({ ...plan, puts: world.store.count("put") - puts });
    await healStore(world, { ...COLD, dryRun: true, accept: told });
    const refused = healStore(world, {
      ...COLD,
      accept(plan) {
        told(plan);
        checkMaxCost(priceHeal(plan, PRICING).once.total, 0);
      },
    });
    await assert.rejects(refused, (error) => isKind(error, "cost"));
    assert.equal(world.store.count("put"), puts);
    const report = await healStore(world, { ...COLD, accept: told });
    assert.deepEqual([report.healed, report.left], [2, 1]);
    assert.equal(world.store.count("put"), puts + 2);
    assert.deepEqual(plans.map((plan) => [plan.entries, plan.bytes, plan.puts]), [
      ...[[2, 420_000, 0], [2, 420_000, 0], [2, 420_000, 0]],
    ]);
    for (const { uploads, early } of plans) {
      assert.deepEqual(uploads.map(({ storageClass, objects }) => [storageClass, objects]), [
        ["DEEP_ARCHIVE", 2],
      ]);
      // What is missing is not overwritten.
      const byteDays = (210_000 + 32 * 1024) * 80;
      assert.deepEqual(early, [
        { storageClass: "DEEP_ARCHIVE", objects: 1, bytes: 210_000, byteDays },
      ]);
    }
  }, { versions: false }));

Deno.test("healing overwrites nothing where versions are kept", () =>
  inWorld(async (world) => {
    world.write("damaged", "content");
    await world.backup(COLD);
    rot(world, "damaged");
    const archived = { batch: fakeBatchJobs(world), keyPrefix: "prefix/" };
    await check(world, {
      archived: { ...archived, accept: () => Promise.resolve(true), show() {} },
    });
    const plans: HealPlan[] = [];
    await healStore(world, { ...COLD, accept: (plan) => void plans.push(plan) });
    assert.deepEqual(plans.map(({ entries, early }) => [entries, early]), [[1, []]]);
  }));

Deno.test("an entry that several findings name is healed, counted and priced once", () =>
  inWorld(async (world) => {
    world.write("a", "content");
    await world.backup();
    world.store.objects.delete("a");
    await check(world);
    const [{ data }] = world.events("ObjectMissing");
    const again = { ...data, reason: "another check has seen it, too" };
    world.log.append("ee".repeat(16), [
      { type: "ObjectDamaged", data: again },
      { type: "ObjectMissing", data: again },
    ]);
    const found = [...lossPositions(world.log, world.log.head().position)];
    assert.equal(found.length, 3);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
      "in the order in which they were found",
    );
    assert.deepEqual([...lossPositions(world.log, found[1])], found.slice(0, 2));
    const plans: HealPlan[] = [];
    const accept = (plan: HealPlan) => void plans.push(plan);
    assert.equal((await healStore(world, { dryRun: true, accept })).lost, 1);
    const report = await healStore(world, { accept });
    assert.deepEqual([report.lost, report.healed], [1, 1]);
    assert.deepEqual(plans.map(({ entries }) => entries), [1, 1]);
    world.verify();
  }));

/** A source whose look at some paths shows another stat. */
function withStat(folder: string, statOf: (path: string) => Uint8Array | undefined) {
  const source = openLocalSource(folder);
  return {
    ...source,
    open() {
      const root = source.open();
      return { ...root, statAt: (path: string) => statOf(path) ?? root.statAt(path) };
    },
  };
}
