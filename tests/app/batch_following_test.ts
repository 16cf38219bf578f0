/** Batch jobs that a process cannot follow, and restores that are cancelled with one under way. */
import assert from "node:assert/strict";
import { batchIntents } from "../../src/app/batch_intents.ts";
import { cancelBatchWarmUps } from "../../src/app/batch_cancel.ts";
import { isCheckpointDue } from "../../src/app/checkpoint_due.ts";
import { CHECKPOINT_AFTER_ENTRIES } from "../../src/core/checkpoint.ts";
import { openBatchJobs } from "../../src/app/batch_jobs_log.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import { standingOf } from "../../src/app/survey_restores.ts";
import type { BatchJobs } from "../../src/ports/batch_jobs.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { folderOf } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { archived, FILES, idOf, noticesOf, via } from "./batch_world.ts";
import { type FakeBatchJobs, fakeBatchJobs } from "./fake_batch_jobs.ts";
import { failure } from "./memory_store.ts";

function throwing(kind: "denied" | "unreachable", code: string) {
  return () => {
    throw failure(kind, code, "");
  };
}

const denied = () => Promise.reject(failure("denied", "AccessDenied", ""));

function cancel(world: World, batch: BatchJobs | undefined): Promise<void> {
  const { log, store, environment, signals } = world;
  return cancelBatchWarmUps(
    {
      ...{ log, store, environment, batch, shipper: noShipping },
      work: sqliteWorkTables(folderOf(world.stateFile)),
      emit: (signal) => void signals.push(signal),
      signal: new AbortController().signal,
    },
    "ee".repeat(16),
    1,
  );
}

function finished(world: World) {
  return world.events("BatchJobFinished").map(({ data: { id, status } }) => [id, status]);
}

Deno.test("a job that can be made but not followed is never made again, nor asked for beside it", () =>
  inWorld(async (world) => {
    const archive = await archived(world, { readable: true });
    const batch = fakeBatchJobs(world);
    const { describe } = batch;
    batch.describe = denied;
    const to = `${world.folder}/back`;
    await failsWith(world.restore(to, via(batch)), "denied");
    assert.ok(Object.hasOwn(treeOf(to), "readable"));
    assert.deepEqual([batch.creates, archive.asked.length], [1, 0]);
    assert.deepEqual(world.events("WarmUpRequested"), [], "nobody says that nothing was asked");
    for (const how of [via(batch, { resume: 1 }), { cold: { batch }, resume: 1, wait: true }]) {
      world.reopen();
      await failsWith(world.restore(to, how), "denied");
      assert.deepEqual([batch.creates, archive.asked.length], [1, 0]);
    }
    assert.ok(noticesOf(world).some((text) => /^Batch job 0000-1 cannot be followed/.test(text)));
    batch.describe = describe;
    await world.restore(to, via(batch, { resume: 1 }));
    const report = await world.restore(to, via(batch, { resume: 1 }));
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    assert.deepEqual([batch.creates, archive.asked.length], [1, 4]);
    assert.equal(world.log.index.restores.object(1, idOf(world, "a"))!.requests, 1);
    world.verify();
  }));

Deno.test("what a job that cannot be followed has asked for is downloaded when it is warm", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    await batch.describe("0000-1");
    assert.equal(archive.asked.length, 4, "AWS has asked for them meanwhile");
    archive.later(13);
    batch.describe = denied;
    batch.cancel = denied;
    const report = await world.restore(to, { cold: { batch }, resume: 1 });
    assert.deepEqual([report.exitCode, archive.asked.length, batch.creates], [0, 4, 1]);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.deepEqual(finished(world), [["0000-1", "left"]]);
    world.verify();
  }));

Deno.test("two restores share what a job is to ask for", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    await world.restore(`${world.folder}/one`, via(batch));
    const plans: number[] = [];
    const cold = {
      ...{ batch },
      approve: (plan: { asked: { objects: number } }) =>
        Promise.resolve(plans.push(plan.asked.objects) > 0),
    };
    const second = await world.restore(`${world.folder}/two`, { cold });
    assert.deepEqual([second.exitCode, second.objects.warming, plans], [13, 4, []]);
    const { log } = world;
    const how = { survey: undefined, now: 0, simulatedWait: undefined, intents: batchIntents(log) };
    const { objects } = await standingOf(log.index, log.index.restores.job(2)!, how);
    assert.deepEqual(objects, { cold: 0, warming: 4, warm: 0 }, "the list says so, too");
    batch.stands = false;
    await world.restore(`${world.folder}/two`, { cold, resume: 2 });
    const report = await world.restore(`${world.folder}/two`, { cold, resume: 2 });
    assert.deepEqual([report.exitCode, archive.asked.length, batch.creates], [13, 4, 1]);
    assert.deepEqual(finished(world), [["0000-1", "Complete"]], "whose job it is does not matter");
    world.verify();
  }));

/** A restore that has died before or after AWS has made its job. */
async function dying(world: World, when: "before" | "after"): Promise<FakeBatchJobs> {
  const batch = fakeBatchJobs(world);
  batch[when] = throwing("unreachable", "SocketError");
  await assert.rejects(world.restore(`${world.folder}/back`, via(batch)));
  batch[when] = () => {};
  return batch;
}

Deno.test("without Batch Operations a restore of what a job asks for refuses, and others go on", () =>
  inWorld(async (world) => {
    const archive = await archived(world, { readable: true });
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    const to = `${world.folder}/back`;
    await world.restore(to, via(batch));
    const error = await failsWith(world.restore(to, { resume: 1 }), "usage");
    assert.match(error.message, /Batch job 0000-1/);
    assert.match(error.hint!, /batch_role.*restores cancel 1/);
    await failsWith(world.restore(`${world.folder}/other`), "usage");
    assert.equal(archive.asked.length, 0);
    const selection = { paths: ["readable"], include: undefined, exclude: undefined };
    const readable = await world.restore(`${world.folder}/other`, { selection });
    assert.deepEqual([readable.exitCode, readable.waiting], [0, 0]);
    assert.ok(Object.hasOwn(treeOf(`${world.folder}/other`), "readable"));
  }));

Deno.test("a cancelled restore cancels its Batch job", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const { describe } = batch;
    batch.describe = () => Promise.reject(failure("unreachable", "SocketError", ""));
    await assert.rejects(world.restore(`${world.folder}/back`, via(batch)));
    batch.describe = describe;
    await cancel(world, batch);
    assert.deepEqual([archive.asked.length, batch.jobs[0].status], [0, "Cancelled"]);
    assert.deepEqual(finished(world), [["0000-1", "Cancelled"]]);
    world.verify();
  }));

Deno.test("a cancel between plan and CreateJob makes no job", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = await dying(world, "before");
    world.reopen();
    await cancel(world, batch);
    assert.deepEqual([batch.creates, batch.jobs.length, archive.asked.length], [1, 0, 0]);
    assert.deepEqual(finished(world), [[undefined, "not made"]]);
    assert.equal(world.log.index.restores.object(1, idOf(world, "a"))!.requests, 0);
    world.verify();
  }));

Deno.test("a cancel finds the job whose answer was lost, and cancels it", () =>
  inWorld(async (world) => {
    await archived(world);
    const batch = await dying(world, "after");
    world.reopen();
    await cancel(world, batch);
    assert.deepEqual([batch.creates, batch.jobs[0].status], [1, "Cancelled"]);
    assert.deepEqual(finished(world), [["0000-1", "Cancelled"]]);
    world.verify();
  }));

Deno.test("a job that cannot be cancelled is named, and left to AWS; its objects may be asked for anew", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    await world.restore(`${world.folder}/back`, via(batch));
    await cancel(world, undefined);
    const [left] = noticesOf(world).slice(-1);
    assert.match(left, /^Batch job 0000-1 is left to AWS.*batch_role.*AWS console/);
    assert.deepEqual(finished(world), [["0000-1", "left"]]);
    assert.deepEqual(openBatchJobs(world.log, "restore"), []);
    world.log.append("ee".repeat(16), [
      { type: "RestoreCancelled", data: { job: 1, reason: "a person has cancelled it" } },
    ]);
    const report = await world.restore(`${world.folder}/other`);
    assert.deepEqual([report.exitCode, archive.asked.length], [13, FILES.length]);
    world.verify();
  }));

Deno.test("no checkpoint is written while a job is under way: a rebuild from it would forget the job", () =>
  inWorld(async (world) => {
    await archived(world);
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    await world.restore(`${world.folder}/back`, via(batch));
    const data = {
      ...{ log: "22".repeat(16), key: ".holdfast/log/x/1", first: 1, last: 3 },
      ...{ head: "ab".repeat(32), entries: CHECKPOINT_AFTER_ENTRIES, bytes: 1 },
    };
    world.log.append("ee".repeat(16), [{ type: "LogSegmentShipped", data }]);
    assert.equal(isCheckpointDue(world.log), false);
    await cancel(world, batch);
    assert.equal(isCheckpointDue(world.log), true);
  }));

Deno.test("a job that takes its time to be cancelled keeps nobody for ever", () =>
  inWorld(async (world) => {
    await archived(world);
    const batch = fakeBatchJobs(world);
    batch.stands = true;
    await world.restore(`${world.folder}/back`, via(batch));
    batch.cancel = () => {
      batch.jobs[0].status = "Cancelling";
      return Promise.resolve();
    };
    await cancel(world, batch);
    assert.deepEqual(finished(world), [["0000-1", "Cancelling"]]);
  }));
