import assert from "node:assert/strict";
import { openBatchJobs } from "../../src/app/batch_jobs_log.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { archived, FILES, idOf, noticesOf, via } from "./batch_world.ts";
import { fakeBatchJobs } from "./fake_batch_jobs.ts";
import { failure } from "./memory_store.ts";

function planned(world: World) {
  return world.events("BatchJobPlanned").map(({ data }) => data);
}

for (const versions of [true, false]) {
  const store = versions ? "a versioned store" : "a store without versions";
  Deno.test(`one Batch job asks for all objects of ${store}, and the restore goes on as usual`, () =>
    inWorld(async (world) => {
      const archive = await archived(world);
      const batch = fakeBatchJobs(world);
      const to = `${world.folder}/back`;
      const first = await world.restore(to, via(batch));
      assert.deepEqual([first.exitCode, first.objects.warming, first.waiting], [13, 4, 4]);
      assert.equal(batch.jobs[0].status, "Active", "AWS has accepted it, and works on it");
      const [job] = planned(world);
      assert.deepEqual([job.objects, job.tier, job.days, job.job, job.versions ?? false], [
        ...[4, "Bulk", 7, 1, versions],
      ]);
      const lines = new TextDecoder().decode(world.store.current(job.manifest)!.body).split("\n");
      assert.ok(lines.some((line) => line.startsWith("memory,prefix/d/e%2Cf")));
      assert.equal(world.store.current(job.manifest)!.head.storageClass, "STANDARD");
      world.reopen();
      const second = await world.restore(to, { cold: { batch }, resume: 1 });
      assert.deepEqual([second.exitCode, second.objects.warming], [13, 4]);
      assert.deepEqual(archive.asked.map(({ key }) => key).sort(), FILES);
      assert.ok(
        archive.asked.every(({ request }) => request.tier === "Bulk" && request.days === 7),
      );
      const types = [...world.log.events({})].map(({ type }) => type)
        .filter((type) => /^(WarmUp|BatchJob)/.test(type));
      assert.deepEqual(types, [
        "WarmUpPlanned",
        "BatchJobPlanned",
        "BatchJobCreated",
        "WarmUpRequested",
        "BatchJobFinished",
      ]);
      world.verify();
      archive.later(13);
      world.reopen();
      const last = await world.restore(to, via(batch, { resume: 1 }));
      assert.deepEqual([last.exitCode, batch.creates, archive.asked.length], [0, 1, 4]);
      assert.deepEqual(treeOf(to), treeOf(world.source));
      world.verify();
    }, { versions }));
}

Deno.test("what is readable is restored before a job is followed, and warm files as they become it", () =>
  inWorld(async (world) => {
    const archive = await archived(world, { readable: true });
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    const { describe } = batch;
    batch.describe = (id) => {
      assert.ok(Object.hasOwn(treeOf(to), "readable"));
      return describe(id);
    };
    world.clock.sleep = () => Promise.resolve(archive.later(1));
    const report = await world.restore(to, via(batch, { wait: true }));
    assert.deepEqual([report.exitCode, batch.creates, archive.asked.length], [0, 1, 4]);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.deepEqual(openBatchJobs(world.log, "restore"), []);
    world.verify();
  }));

Deno.test("without --wait a job is followed until AWS has accepted it, and what it has done by then", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const { describe } = batch;
    let looks = 0;
    batch.describe = async (id) => {
      const state = ++looks < 4 ? "Preparing" : "Active";
      if (looks <= 4) return { status: state, total: 0, succeeded: 0, failed: 0 };
      return await describe(id);
    };
    await world.restore(`${world.folder}/back`, via(batch));
    assert.deepEqual([looks, archive.asked.length], [4, 0]);
    assert.deepEqual(noticesOf(world), [
      "Batch job 0000-1: Preparing, 0 of 4 objects done, 0 failed",
      "Batch job 0000-1: Active, 0 of 4 objects done, 0 failed",
    ]);
    looks = 4;
    batch.jobs[0].status = "Active";
    await world.restore(`${world.folder}/back`, via(batch, { resume: 1 }));
    assert.deepEqual([looks, archive.asked.length, batch.creates], [5, 4, 1]);
  }));

Deno.test("a job that never gets beyond New keeps nobody for ever", () =>
  inWorld(async (world) => {
    await archived(world);
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    let slept = 0;
    world.clock.sleep = ((ms: number) => Promise.resolve(slept += ms)) as never;
    const report = await world.restore(`${world.folder}/back`, via(batch));
    assert.equal(report.exitCode, 13);
    assert.ok(slept >= 600_000 && slept < 1_200_000, `${slept} ms`);
  }));

Deno.test("what a job could not ask for is in its report, and is asked for one by one", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.fails = (key) => key === "a" ? "403,PermanentFailure" : undefined;
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const report = await world.restore(to, via(batch, { resume: 1 }));
    // One by one it works.
    assert.deepEqual([report.exitCode, archive.asked.length, batch.jobs.length], [13, 4, 1]);
    const [requested] = world.events("WarmUpRequested");
    const others = requested.data.others!.map(({ key, answer, reason }) => [key, answer, reason]);
    assert.deepEqual(others, [["a", "not asked", "PermanentFailure: said so"]]);
    assert.equal(world.log.index.restores.object(1, idOf(world, "a"))!.requests, 1);
    world.verify();
  }));

Deno.test("a job that can ask for nothing stops the restore, with the reason", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.fails = () => "403,AccessDenied";
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const error = await failsWith(world.restore(to, via(batch, { resume: 1 })), "refused");
    assert.match(error.message, /Batch job 0000-1 could ask for nothing: AccessDenied/);
    assert.deepEqual([archive.asked.length, batch.jobs.length], [0, 1]);
    assert.deepEqual(openBatchJobs(world.log, "restore"), []);
    assert.equal(world.log.index.restores.object(1, idOf(world, "a"))!.requests, 0);
    const report = await world.restore(to, { cold: { batch }, resume: 1 });
    assert.deepEqual([report.exitCode, archive.asked.length], [13, 4], "without --via: one by one");
    world.verify();
  }));

Deno.test("an answer to CreateJob that is lost makes no second job, and nothing is asked twice", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    batch.after = () => {
      throw failure("unreachable", "SocketError", "");
    };
    await assert.rejects(world.restore(to, via(batch)));
    assert.deepEqual([batch.jobs.length, batch.creates], [1, 1]);
    assert.equal(openBatchJobs(world.log, "restore")[0].id, undefined);
    batch.after = () => {};
    world.reopen();
    world.verify();
    await world.restore(to, via(batch, { resume: 1 }));
    const report = await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([report.exitCode, batch.jobs.length, batch.creates], [13, 1, 2]);
    assert.deepEqual(archive.asked.length, 4);
    assert.deepEqual(openBatchJobs(world.log, "restore"), []);
    world.verify();
  }));

Deno.test("a job whose answer was lost, and whose repeat is refused, is found by its token", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    batch.after = () => {
      throw failure("unreachable", "SocketError", "");
    };
    await assert.rejects(world.restore(to, via(batch)));
    batch.before = () => {
      throw failure("denied", "AccessDenied", "");
    };
    world.reopen();
    await world.restore(to, via(batch, { resume: 1 }));
    await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([batch.jobs.length, archive.asked.length], [1, 4]);
    assert.equal(world.events("BatchJobFinished")[0].data.status, "Complete");
    world.verify();
  }));

Deno.test("a process that dies while it follows a job is followed by the next, also without --via", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const { describe } = batch;
    const to = `${world.folder}/back`;
    batch.describe = () => Promise.reject(failure("unreachable", "SocketError", ""));
    await assert.rejects(world.restore(to, via(batch)));
    assert.equal(archive.asked.length, 0, "the job has not run yet");
    batch.describe = describe;
    world.reopen();
    await world.restore(to, { cold: { batch }, resume: 1 });
    const report = await world.restore(to, { cold: { batch }, resume: 1 });
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    assert.deepEqual([archive.asked.length, batch.creates], [4, 1]);
    world.verify();
  }));

Deno.test("a job that fails midway leaves it to the store what was asked for", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.outcome = "Failed";
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const report = await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([report.exitCode, report.objects.warming, archive.asked.length], [13, 4, 4]);
    assert.equal(world.events("BatchJobFinished")[0].data.status, "Failed");
    world.verify();
  }));

Deno.test("of a job that is complete with failures and without its report the store tells", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.hasReport = false;
    batch.fails = (key) => key === "a" ? "500,InternalError" : undefined;
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const report = await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([report.exitCode, report.objects.warming, report.unapproved], [13, 4, 0]);
    assert.deepEqual(archive.asked.map(({ key }) => key).sort(), FILES);
    assert.deepEqual(world.events("RestoredCopyExpired"), []);
    const { restores } = world.log.index;
    assert.deepEqual(FILES.map((key) => restores.object(1, idOf(world, key))!.requests), [
      ...[1, 1, 1, 1],
    ]);
    world.verify();
  }));

Deno.test("a report that is damaged does not stop a restore", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const { describe } = batch;
    batch.describe = async (id) => {
      const state = await describe(id);
      const key = `${batch.jobs[0].report}/job-${id}/manifest.json`;
      await world.store.put(key, new TextEncoder().encode("<html>"), {});
      return state;
    };
    const report = await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([report.exitCode, report.objects.warming, archive.asked.length], [13, 4, 4]);
    assert.ok(noticesOf(world).some((text) => /report of Batch job 0000-1 cannot be/.test(text)));
  }));

Deno.test("a job that is refused has asked for nothing, and its intents are taken back", () =>
  inWorld(async (world) => {
    const archive = await archived(world, { readable: true });
    const batch = fakeBatchJobs(world);
    batch.before = () => {
      throw failure("denied", "AccessDenied", "");
    };
    const to = `${world.folder}/back`;
    await assert.rejects(world.restore(to, via(batch)));
    assert.ok(Object.hasOwn(treeOf(to), "readable"), "what is readable is restored all the same");
    assert.deepEqual(openBatchJobs(world.log, "restore"), []);
    assert.equal(world.log.index.restores.object(1, idOf(world, "a"))!.requests, 0);
    const report = await world.restore(to, { resume: 1 });
    assert.deepEqual([report.exitCode, archive.asked.length], [13, 4]);
    world.verify();
  }));

Deno.test("of two jobs of which the second is refused, the first is not asked for again", () =>
  inWorld(async (world) => {
    const { put } = world.store;
    // Of the time before the bucket kept versions: they go into a job of their own.
    world.store.put = async (key, body, options) => {
      const { versionId, ...stored } = await put(key, body, options);
      return key.startsWith("d/") || versionId === undefined ? stored : { ...stored, versionId };
    };
    const archive = await archived(world);
    world.store.put = put;
    const batch = fakeBatchJobs(world);
    batch.before = () => {
      if (batch.jobs.length > 0) throw failure("denied", "AccessDenied", "");
    };
    const to = `${world.folder}/back`;
    await failsWith(world.restore(to, via(batch)), "denied");
    assert.deepEqual([planned(world).length, batch.jobs.length], [2, 1]);
    assert.equal(openBatchJobs(world.log, "restore").length, 1);
    const refusedIntents = planned(world)[1].intents;
    const taken = world.events("WarmUpRequested").map(({ data }) => data.intent);
    assert.deepEqual(taken, refusedIntents);
    world.reopen();
    await world.restore(to, { cold: { batch }, resume: 1 });
    const report = await world.restore(to, { cold: { batch }, resume: 1 });
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    assert.deepEqual(archive.asked.map(({ key }) => key).sort(), FILES, "each once");
    world.verify();
  }));
