import assert from "node:assert/strict";
import type { RestorePlan } from "../../src/core/cold/restore_plan.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld } from "./app_world.ts";
import { archived, via } from "./batch_world.ts";
import { fakeBatchJobs } from "./fake_batch_jobs.ts";
import { failure } from "./memory_store.ts";

Deno.test("a job's own price is in the plan: a limit below it makes no job", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    const limited = via(batch, { warmUp: { viaBatch: true, maxCost: 0.2 } });
    await failsWith(world.restore(to, limited), "cost");
    assert.deepEqual([batch.creates, archive.asked.length], [0, 0]);
    const one = await world.restore(to, { warmUp: { maxCost: 0.2 } });
    assert.equal(one.exitCode, 13, "one by one it costs less");
  }));

Deno.test("what was approved one by one is not put into a job before its price is approved, too", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const batch = fakeBatchJobs(world);
    const to = `${world.folder}/back`;
    archive.before = () => {
      throw failure("unreachable", "SocketError", "");
    };
    await assert.rejects(world.restore(to));
    archive.before = () => {};
    world.reopen();
    const asked: number[] = [];
    const approve = ({ quote }: RestorePlan) => Promise.resolve(asked.push(quote.total.usd) > 9);
    const declined = await world.restore(to, via(batch, { resume: 1, cold: { batch, approve } }));
    assert.deepEqual(asked, [0.250004], "a job, and four objects of it");
    assert.deepEqual([declined.exitCode, archive.asked.length, batch.creates], [13, 4, 0]);
    world.verify();
  }));

Deno.test("a job that is made anew after a refusal is approved anew", () =>
  inWorld(async (world) => {
    await archived(world);
    const batch = fakeBatchJobs(world);
    batch.before = () => {
      throw failure("denied", "AccessDenied", "");
    };
    const to = `${world.folder}/back`;
    const generous = { warmUp: { viaBatch: true, budget: 5 } };
    await assert.rejects(world.restore(to, via(batch, generous)));
    batch.before = () => {};
    const limited = via(batch, { resume: 1, warmUp: { viaBatch: true, maxCost: 0.3 } });
    await failsWith(world.restore(to, limited), "cost");
    assert.equal(batch.jobs.length, 0);
    let asked = 0;
    const approve = () => Promise.resolve(++asked > 0);
    const again = via(batch, { resume: 1, cold: { batch, approve } });
    const { exitCode } = await world.restore(to, again);
    assert.deepEqual([exitCode, batch.jobs.length, asked], [13, 1, 1]);
  }));
