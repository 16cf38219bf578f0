import assert from "node:assert/strict";
import type { ArchivedOptions, ArchivedPlan } from "../../src/app/check_archived.ts";
import { openBatchJobs } from "../../src/app/batch_jobs_log.ts";
import { reportReader } from "../../src/core/batch/report_rows.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { fakeBatchJobs } from "./fake_batch_jobs.ts";
import { healStore, rot } from "./heal_world.ts";
import { failure } from "./memory_store.ts";
import { packKeys, packOptions } from "./pack_world.ts";
import { inSealedWorld } from "./sealed_world.ts";
import { simulatedArchive } from "./simulated_archive.ts";
import { check, complaints } from "./upkeep.ts";

const COLD = { storageClass: "DEEP_ARCHIVE" };

async function archived(world: World) {
  shell(
    world.source,
    "mkdir d; head -c 2500000 /dev/urandom > large; echo 1 > 'd/a b'; touch none",
  );
  await world.backup({ ...COLD, partSize: 1 << 20 });
  simulatedArchive(world);
  return fakeBatchJobs(world);
}

function options(more: Partial<ArchivedOptions>, plans: ArchivedPlan[] = []) {
  const accept = (plan: ArchivedPlan) => Promise.resolve(plans.push(plan) > 0);
  return { archived: { keyPrefix: "prefix/", show() {}, accept, ...more } };
}

for (const versions of [true, false]) {
  const store = versions ? "a versioned store" : "a store without versions";
  Deno.test(`archived objects in ${store} are compared by what AWS computes, and healed`, () =>
    inWorld(async (world) => {
      const batch = await archived(world);
      const plans: ArchivedPlan[] = [];
      const clean = await check(world, options({ batch }, plans));
      assert.equal(clean.exitCode, 0);
      assert.deepEqual(plans, [{ jobs: 1, objects: 2, bytes: 2_500_002 }]);
      const { compared, unreported, unknown } = clean.archived!;
      assert.deepEqual([compared, unreported, unknown.size], [2, 0, 0]);
      assert.deepEqual(batch.jobs.map(({ operation }) => operation), [
        { kind: "checksum", algorithm: "SHA256" },
      ]);
      const verified = world.events("ObjectVerified").flatMap(({ data }) => data.folders);
      assert.deepEqual(verified.map(({ path, names }) => [path, names]).sort(), [
        ["", ["large"]],
        ["d", ["a b"]],
      ]);

      rot(world, "large");
      assert.equal((await check(world)).exitCode, 0, "no LIST tells it");
      world.signals.length = 0;
      const report = await check(world, options({ batch }));
      assert.deepEqual([report.exitCode, report.damaged, batch.jobs.length], [5, 1, 2]);
      assert.match(
        complaints(world)[0],
        /^large: damaged: large: its SHA256 is [0-9a-f]{64}, not /,
      );
      assert.equal((await healStore(world, COLD)).healed, 1);
      world.signals.length = 0;
      assert.equal((await check(world, options({ batch }))).exitCode, 0);
      assert.deepEqual(complaints(world), []);
      world.verify();
    }, { versions }));
}

Deno.test("encrypted objects are compared by the SHA-256 of their bytes as stored", () =>
  inSealedWorld(async (world) => {
    shell(world.source, "head -c 2500000 /dev/urandom > large; echo 1 > small");
    await world.sealed(COLD);
    simulatedArchive(world);
    const batch = fakeBatchJobs(world);
    const report = await check(world, options({ batch }));
    assert.deepEqual([report.exitCode, report.archived!.compared], [0, 2]);
    rot(world, "small");
    assert.equal((await check(world, options({ batch }))).damaged, 1);
    world.verify();
  }));

Deno.test("a pack is compared by its CRC32; what a damaged one has is lost, and packed again", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    shell(world.source, "head -c 900000 /dev/urandom > a; head -c 300000 /dev/urandom > b");
    await world.backup({ ...COLD, packs });
    simulatedArchive(world);
    const batch = fakeBatchJobs(world);
    const [pack] = packKeys(world);
    const clean = await check(world, options({ batch }));
    assert.deepEqual([clean.exitCode, clean.archived!.compared], [0, 1]);
    assert.deepEqual(batch.jobs[0].operation, { kind: "checksum", algorithm: "CRC32" });
    rot(world, pack);
    world.signals.length = 0;
    const report = await check(world, options({ batch }));
    assert.equal(report.exitCode, 5);
    assert.deepEqual(complaints(world).map((text) => text.split(": ")[0]).sort(), ["a", "b", pack]);
    assert.equal((await healStore(world, { packs, storageClass: "STANDARD" })).healed, 2);
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("what a job could not look at is counted with its reason; what is gone is missing", () =>
  inWorld(async (world) => {
    const batch = await archived(world);
    batch.fails = (key) => key === "large" ? "403,AccessDenied" : undefined;
    const report = await check(world, options({ batch }));
    assert.deepEqual([report.exitCode, report.archived!.compared], [3, 1]);
    assert.deepEqual([...report.archived!.unknown], [["AccessDenied: said so", 1]]);
    batch.fails = () => {
      world.store.objects.delete("large");
      return undefined;
    };
    assert.equal((await check(world, options({ batch }))).missing, 1);
    assert.match(complaints(world).at(-1)!, /^large: missing: no object large/);
  }));

Deno.test("a job that a check has begun is gone on with by the next one, and no other is made", () =>
  inWorld(async (world) => {
    const batch = await archived(world);
    const { describe } = batch;
    batch.describe = () => Promise.reject(failure("unreachable", "SocketError", ""));
    await assert.rejects(check(world, options({ batch })));
    batch.describe = describe;
    world.reopen();
    assert.equal(openBatchJobs(world.log, "checksum").length, 1);
    const accept = () => Promise.reject(new Error("it was accepted already"));
    const report = await check(world, options({ batch, accept }));
    assert.deepEqual([report.archived!.compared, batch.creates], [2, 1]);
    assert.deepEqual(openBatchJobs(world.log, "checksum"), []);
  }));

Deno.test("a plan that is declined makes no job; a report at hand needs none", () =>
  inWorld(async (world) => {
    const batch = await archived(world);
    const declined = await check(
      world,
      options({ batch, accept: () => Promise.resolve(false) }),
    );
    assert.deepEqual([declined.exitCode, declined.archived!.compared], [6, 0]);
    assert.equal(batch.jobs.length, 0);
    const { versionId } = world.store.current("large")!.head;
    const sum = "00".repeat(32);
    const result = JSON.stringify({
      ...{ checksumAlgorithm: "SHA256", checksumType: "FULL_OBJECT", checksum_hex: sum },
    }).replaceAll('"', '""');
    const text = `memory,prefix/large,${versionId},succeeded,200,,"${result}"\n` +
      `memory,elsewhere/large,${versionId},succeeded,200,,"${result}"\n`;
    async function* rows() {
      const reader = reportReader();
      yield* await Promise.resolve([...reader.push(text), ...reader.end()]);
    }
    const report = await check(world, options({ report: rows }));
    assert.deepEqual([report.exitCode, report.damaged, report.archived!.compared], [5, 1, 1]);
    world.verify();
  }));

Deno.test("a check that compares nothing is not in order", () =>
  inWorld(async (world) => {
    const batch = await archived(world);
    batch.fails = () => "403,AccessDenied";
    const denied = await check(world, options({ batch }));
    assert.deepEqual([denied.exitCode, denied.archived!.compared], [1, 0]);
    batch.fails = () => undefined;
    batch.outcome = "Failed";
    batch.hasReport = false;
    const failed = await check(world, options({ batch }));
    const { compared, unreported, cutOff } = failed.archived!;
    assert.deepEqual([failed.exitCode, compared, unreported, cutOff], [1, 0, 2, 1]);
    const none = async function* () {};
    assert.equal((await check(world, options({ report: none }))).exitCode, 1);
    const { exitCode } = await check(world, options({ batch, dryRun: true }));
    assert.equal(exitCode, 0, "a dry run shows its plan");
  }));

Deno.test("what AWS was not asked for, and what no report names, is told with exit code 3", () =>
  inWorld(async (world) => {
    const batch = await archived(world);
    const { describe } = batch;
    batch.describe = async (id) => {
      const state = await describe(id);
      const report = batch.jobs[0].report;
      for (const key of world.store.objects.keys()) {
        if (!key.startsWith(report) || !key.includes("/results/")) continue;
        const lines = new TextDecoder().decode(world.store.current(key)!.body).split("\n");
        await world.store.put(key, new TextEncoder().encode(`${lines[0]}\n`), {});
      }
      return state;
    };
    const { exitCode, archived: found } = await check(world, options({ batch }));
    assert.deepEqual([exitCode, found!.compared, found!.unreported], [3, 1, 1]);
  }));

Deno.test("of many different reasons the most are counted together", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 100; i++) world.write(`${i}`, `${i}`);
    await world.backup(COLD);
    simulatedArchive(world);
    const batch = fakeBatchJobs(world);
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const codeOf = (n: number) =>
      n < 60 ? "AccessDenied" : `Code${letters[n % 26]}${letters[n % 7]}`;
    batch.fails = (key) => `403,${codeOf(Number(key))}`;
    const { archived: found } = await check(world, options({ batch }));
    const counts = [...found!.unknown];
    assert.deepEqual(counts.find(([reason]) => reason.startsWith("AccessDenied"))![1], 60);
    assert.equal(counts.length, 21, "20 and the others");
    assert.equal(counts.reduce((sum, [, count]) => sum + count, 0), 100);
    assert.equal(found!.unknown.get("other reasons"), 21);
  }));

Deno.test("an object in Intelligent-Tiering is named, for no LIST tells whether it is archived", () =>
  inWorld(async (world) => {
    world.write("a", "a");
    await world.backup({ storageClass: "INTELLIGENT_TIERING" });
    const batch = fakeBatchJobs(world);
    const { exitCode, archived: found } = await check(world, options({ batch }));
    assert.deepEqual([exitCode, found!.tiering, found!.objects, batch.jobs.length], [3, 1, 0, 0]);
  }));

/** One object with a version, and one that is of the time before the bucket kept any. */
async function twoGroups(world: World) {
  world.write("older", "older");
  world.write("newer", "newer");
  const { put } = world.store;
  world.store.put = async (key, body, options) => {
    const { versionId, ...stored } = await put(key, body, options);
    return key === "older" || versionId === undefined ? stored : { ...stored, versionId };
  };
  await world.backup(COLD);
  world.store.put = put;
  simulatedArchive(world);
  return fakeBatchJobs(world);
}

Deno.test("a kill after the first of several jobs: the next check follows it, and makes the other", () =>
  inWorld(async (world) => {
    const batch = await twoGroups(world);
    batch.before = () => {
      if (batch.jobs.length === 1) throw failure("unreachable", "SocketError", "");
    };
    await assert.rejects(check(world, options({ batch })));
    assert.deepEqual([batch.jobs.length, openBatchJobs(world.log, "checksum").length], [1, 2]);
    batch.before = () => {};
    world.reopen();
    const accept = () => Promise.reject(new Error("both were accepted already"));
    const report = await check(world, options({ batch, accept }));
    const { compared, unreported } = report.archived!;
    assert.deepEqual([report.exitCode, compared, unreported], [0, 2, 0]);
    assert.deepEqual([batch.jobs.length, openBatchJobs(world.log, "checksum").length], [2, 0]);
  }));

Deno.test("a kill before the second job was planned: it is accepted anew, the first is not made again", () =>
  inWorld(async (world) => {
    const batch = await twoGroups(world);
    let puts = 0;
    world.store.before = (operation, key) => {
      if (operation !== "put" || !key.endsWith("manifest.csv")) return;
      if (++puts === 2) throw failure("unreachable", "SocketError", "");
    };
    await assert.rejects(check(world, options({ batch })));
    world.store.before = () => {};
    world.reopen();
    assert.equal(openBatchJobs(world.log, "checksum").length, 1);
    const plans: ArchivedPlan[] = [];
    const report = await check(world, options({ batch }, plans));
    assert.deepEqual(plans.map(({ jobs, objects }) => [jobs, objects]), [[1, 1]]);
    assert.deepEqual([report.exitCode, report.archived!.compared], [0, 2]);
    assert.deepEqual([batch.jobs.length, batch.creates], [2, 2]);
  }));

Deno.test("a kill after the first of two jobs was compared: its report is read once more, for nothing", () =>
  inWorld(async (world) => {
    const batch = await twoGroups(world);
    const { describe } = batch;
    batch.describe = (id) =>
      id === "0000-2" ? Promise.reject(failure("unreachable", "SocketError", "")) : describe(id);
    await assert.rejects(check(world, options({ batch })));
    batch.describe = describe;
    world.reopen();
    assert.equal(openBatchJobs(world.log, "checksum").length, 1);
    const accept = () => Promise.reject(new Error("it was accepted already"));
    const report = await check(world, options({ batch, accept }));
    assert.deepEqual([report.exitCode, report.archived!.compared, batch.creates], [0, 2, 2]);
  }));
