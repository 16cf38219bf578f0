import assert from "node:assert/strict";
import type { RestorePlan } from "../../src/core/cold/restore_plan.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { simulatedArchive } from "./simulated_archive.ts";

const FILES = ["a", "b", "d/c", "d/e/f"];

/** A backup into DEEP_ARCHIVE. */
async function archived(world: World, files: readonly string[] = FILES) {
  for (const path of files) world.write(path, `content of ${path}`);
  await world.backup({ storageClass: "DEEP_ARCHIVE" });
  return simulatedArchive(world);
}

function jobOf(world: World, job = 1) {
  return world.log.index.restores.job(job)!;
}

/** Keys by how often they were asked for. */
function timesAsked({ asked }: ReturnType<typeof simulatedArchive>): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { key } of asked) times[key] = (times[key] ?? 0) + 1;
  return times;
}

const once = Object.fromEntries(FILES.map((path) => [path, 1]));

Deno.test("a restore of archived files asks once, ends with 13, and is finished by a later process", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const plans: RestorePlan[] = [];
    const approve = (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0);
    const first = await world.restore(to, { cold: { approve } });
    assert.deepEqual([first.exitCode, first.job, first.waiting, first.failed], [13, 1, 4, 0]);
    const [plan] = plans;
    assert.deepEqual([plan.tier, plan.days, plan.cold.objects, plan.asked.objects], [
      ...["Bulk", 7],
      ...[4, 4],
    ]);
    assert.equal(plan.quote.wait?.text, "up to 48 hours");
    assert(plan.quote.total.usd > 0 && plan.quote.total.unknown.length === 0);
    assert.deepEqual(timesAsked(archive), once);
    assert.deepEqual(first.objects, { cold: 0, warming: 4, warm: 0 });
    assert.deepEqual(jobOf(world).state, "open");
    world.reopen();
    world.verify();

    archive.later(11);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 13);
    archive.later(2);
    world.reopen();
    const last = await world.restore(to, { resume: 1 });
    assert.deepEqual([last.exitCode, last.waiting], [0, 0]);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.deepEqual(timesAsked(archive), once);
    assert.deepEqual([plans.length, archive.read.length], [1, 4]);
    assert.deepEqual([jobOf(world).state, jobOf(world).outcome], ["finished", 0]);
    assert.deepEqual([...world.log.index.restores.objects(1)], []);
    world.verify();
  }));

Deno.test("with --wait one process waits until the last file is there", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const { clock } = world;
    const slept: number[] = [];
    Object.assign(clock, {
      sleep(ms: number) {
        if (ms > 0) slept.push(ms);
        clock.time += BigInt(Math.ceil(ms)) * 1_000_000n;
        return Promise.resolve();
      },
    });
    const cold = { simulatedWait: undefined };
    const report = await world.restore(`${world.folder}/back`, { wait: true, cold });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(treeOf(`${world.folder}/back`), treeOf(world.source));
    assert.deepEqual(timesAsked(archive), once);
    // Bulk from DEEP_ARCHIVE takes up to 48 hours: a look each 29 minutes.
    const hours = slept.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
    assert(hours >= 12 && hours < 13, `${hours}`);
    assert(slept.length < 30, `${slept.length} looks`);
  }));

Deno.test("what is readable is restored at once, whatever else has to wait", () =>
  inWorld(async (world) => {
    for (const path of ["big", "small"]) world.write(path, path === "big" ? "x".repeat(99) : "y");
    await world.backup({ storageClass: "DEEP_ARCHIVE", minArchiveSize: 50 });
    const archive = simulatedArchive(world);
    const to = `${world.folder}/back`;
    const report = await world.restore(to);
    assert.deepEqual([report.exitCode, report.waiting], [13, 1]);
    assert.deepEqual(treeOf(to), { small: "y" });
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(archive.read, ["small", "big"]);
  }));

Deno.test("a plan that is declined asks for nothing, and leaves no restore behind", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const before = world.log.head().position;
    const approve = () => Promise.resolve(false);
    const report = await world.restore(`${world.folder}/back`, { cold: { approve } });
    assert.deepEqual([report.isDeclined, report.exitCode, archive.asked.length], [true, 6, 0]);
    assert.equal(world.log.head().position, before);
  }));

Deno.test("above --max-cost nothing is asked for", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const warmUp = { maxCost: 0.00001 };
    await assert.rejects(
      world.restore(`${world.folder}/back`, { warmUp }),
      (error) => error instanceof HoldfastError && error.kind === "cost",
    );
    assert.deepEqual([archive.asked.length, world.log.index.restores.jobs().length], [0, 0]);
  }));

for (const when of ["before", "after"] as const) {
  Deno.test(`a process that dies ${when} a request took effect never makes one ask twice`, () =>
    inWorld(async (world) => {
      const archive = await archived(world);
      const to = `${world.folder}/back`;
      let left = 2;
      archive[when] = (key) => {
        if (left-- <= 0) throw failure("unreachable", "SocketError", key);
      };
      await assert.rejects(world.restore(to, { cold: { rate: 1 } }));
      const arrived = archive.asked.length;
      assert(arrived < 4 || when === "after");
      archive[when] = () => {};
      world.reopen();
      world.verify();
      const approve = () => Promise.reject(new Error("nothing has to be approved again"));
      const report = await world.restore(to, { resume: 1, cold: { approve } });
      assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
      assert.deepEqual(timesAsked(archive), once);
      world.verify();
    }));
}

Deno.test("an intent without any outcome is settled by what HEAD says, and without a question", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const { append } = world.log;
    // Killed at the append of the outcome.
    Object.assign(world.log, {
      append(...args: Parameters<typeof append>) {
        const [, events] = args;
        if (Array.isArray(events) && events.some(({ type }) => type === "WarmUpRequested")) {
          throw new Error("killed");
        }
        return append(...args);
      },
    });
    await assert.rejects(world.restore(to), /killed/);
    assert.equal(archive.asked.length, 4);
    world.reopen();
    const states = () => world.log.index.restores.awaited(1).map(({ state }) => state);
    assert.deepEqual(states(), ["asked"]);
    const approve = () => Promise.reject(new Error("nothing has to be approved again"));
    const report = await world.restore(to, { resume: 1, cold: { approve } });
    assert.deepEqual([report.exitCode, states()], [13, ["warming"]]);
    assert.deepEqual(timesAsked(archive), once);
    world.verify();
  }));

Deno.test("a copy that expired before its download is asked for again only when that is approved", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    archive.later(24 * 10);
    const unattended = await world.restore(to, { resume: 1, warmUp: { isUnattended: true } });
    assert.deepEqual([unattended.exitCode, unattended.unapproved], [6, 4]);
    assert.deepEqual(timesAsked(archive), once);
    const plans: RestorePlan[] = [];
    const declined = await world.restore(to, {
      resume: 1,
      cold: { approve: (plan) => Promise.resolve(plans.push(plan) === 0) },
    });
    assert.equal(declined.exitCode, 6);
    assert.deepEqual([plans[0].isResumed, plans[0].asked.objects], [true, 4]);
    const approved = await world.restore(to, { resume: 1 });
    assert.deepEqual([approved.exitCode, approved.objects.warming], [13, 4]);
    assert.deepEqual(timesAsked(archive), Object.fromEntries(FILES.map((path) => [path, 2])));
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.equal(world.events("RestoredCopyExpired").length, 1);
    world.verify();
  }));

Deno.test("within --max-cost an expired copy is asked for again without a question", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to, { warmUp: { budget: 5 } });
    archive.later(24 * 10);
    const approve = () => Promise.reject(new Error("it fits"));
    const again = await world.restore(to, { resume: 1, cold: { approve } });
    assert.deepEqual([again.exitCode, again.objects.warming], [13, 4]);
    assert(jobOf(world).extra > 0);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1, cold: { approve } })).exitCode, 0);
    world.verify();
  }));

Deno.test("where the store refuses to be asked, what can be read is restored before that is told", () =>
  inWorld(async (world) => {
    for (const path of ["big", "small"]) world.write(path, path === "big" ? "x".repeat(99) : "y");
    await world.backup({ storageClass: "DEEP_ARCHIVE", minArchiveSize: 50 });
    const archive = simulatedArchive(world);
    archive.before = (key) => {
      throw failure("denied", "AccessDenied", key);
    };
    const to = `${world.folder}/back`;
    await assert.rejects(world.restore(to), { kind: "denied" });
    assert.deepEqual(treeOf(to), { small: "y" });
    archive.before = () => {};
    assert.equal((await world.restore(to, { resume: 1 })).objects.warming, 1);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(timesAsked(archive), { big: 1 });
    world.verify();
  }));

Deno.test("--max-cost is for all of a restore: what was asked for before counts", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    const quoted = jobOf(world).quoted! / 1e9;
    archive.later(24 * 10);
    const tooLittle = { resume: 1, warmUp: { budget: quoted * 1.5 } };
    await assert.rejects(world.restore(to, tooLittle), { kind: "cost" });
    assert.deepEqual(timesAsked(archive), once);
    const enough = { resume: 1, warmUp: { budget: quoted * 3 } };
    assert.equal((await world.restore(to, enough)).objects.warming, 4);
    assert(jobOf(world).quoted! > quoted * 1.5e9);
    world.verify();
  }));

Deno.test("another tier for what was not asked for yet is another price, and approved anew", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    archive.before = (key) => {
      throw failure("denied", "AccessDenied", key);
    };
    await assert.rejects(world.restore(to));
    archive.before = () => {};
    const plans: RestorePlan[] = [];
    const approve = (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0);
    const warmUp = { tier: "Standard" } as const;
    const report = await world.restore(to, { resume: 1, warmUp, cold: { approve } });
    assert.deepEqual([plans.length, report.objects.warming], [1, 4]);
    assert.deepEqual(timesAsked(archive), once);
    assert.deepEqual(
      new Set(archive.asked.map(({ request }) => request.tier)),
      new Set(["Standard"]),
    );
    // Each may be asked for once, not once for each tier.
    archive.later(24 * 10);
    const later = await world.restore(to, { resume: 1, warmUp: { isUnattended: true } });
    assert.deepEqual([later.exitCode, later.unapproved], [6, 4]);
    world.verify();
  }));

Deno.test("a copy that expires between the look and the download puts its file back", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    archive.later(13);
    const { get } = world.store;
    let isLate = false;
    world.store.get = async (key, options) => {
      if (!isLate && FILES.includes(key)) {
        isLate = true;
        archive.later(24 * 10);
      }
      return await get(key, options);
    };
    const report = await world.restore(to, { resume: 1 });
    assert.deepEqual([report.exitCode, report.failed, report.unapproved], [6, 0, 4]);
    assert.deepEqual(timesAsked(archive), once);
    world.verify();
  }));

Deno.test("two restores that need the same objects share their requests", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    await world.restore(`${world.folder}/one`);
    const plans: RestorePlan[] = [];
    const approve = (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0);
    const second = await world.restore(`${world.folder}/two`, { cold: { approve } });
    assert.deepEqual([second.job, second.exitCode, plans], [2, 13, []]);
    archive.later(13);
    for (const [name, resume] of [["two", 2], ["one", 1]] as const) {
      const to = `${world.folder}/${name}`;
      assert.equal((await world.restore(to, { resume })).exitCode, 0);
      assert.deepEqual(treeOf(to), treeOf(world.source));
    }
    assert.deepEqual(timesAsked(archive), once);
    world.verify();
  }));

Deno.test("what another machine has asked for is found warming, and not asked for", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    for (const key of FILES) await world.store.requestRestore({ key }, { tier: "Bulk", days: 3 });
    const report = await world.restore(`${world.folder}/back`);
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    assert.deepEqual(timesAsked(archive), once);
  }));

Deno.test("an object that a lifecycle rule has archived is found by its refusal, and waits for approval", () =>
  inWorld(async (world) => {
    for (const path of FILES) world.write(path, `content of ${path}`);
    await world.backup();
    const archive = simulatedArchive(world);
    archive.archive("a", "GLACIER");
    const to = `${world.folder}/back`;
    const first = await world.restore(to);
    assert.deepEqual([first.exitCode, first.waiting, first.unapproved], [6, 1, 1]);
    assert.deepEqual(archive.asked, []);
    const second = await world.restore(to, { resume: 1 });
    assert.deepEqual([second.exitCode, second.objects.warming], [13, 1]);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.deepEqual(archive.asked.map(({ key }) => key), ["a"]);
    world.verify();
  }));

Deno.test("a resumed restore with --overwrite always fetches no finished file again", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const overwrite = "always" as const;
    await world.restore(to, { overwrite });
    archive.later(13);
    let left = 2;
    const { get } = world.store;
    world.store.get = async (key, options) => {
      if (FILES.includes(key) && left-- <= 0) throw failure("unreachable", "SocketError", key);
      return await get(key, options);
    };
    await assert.rejects(world.restore(to, { resume: 1, overwrite }));
    world.store.get = get;
    assert.equal((await world.restore(to, { resume: 1, overwrite })).exitCode, 0);
    assert.deepEqual(archive.read.toSorted(), FILES);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

/** A restore whose process dies when it tells what it waits for. */
async function cutOffWhilePlanned(world: World, to: string): Promise<void> {
  const { append } = world.log;
  Object.assign(world.log, {
    append(...args: Parameters<typeof append>) {
      const [, events] = args;
      if (Array.isArray(events) && events.some(({ type }) => type === "ObjectsAwaited")) {
        throw new Error("killed");
      }
      return append(...args);
    },
  });
  await assert.rejects(world.restore(to), /killed/);
  world.reopen();
}

Deno.test("a restore that died while it was planned is planned anew, and asks nobody again", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await cutOffWhilePlanned(world, to);
    assert.deepEqual([jobOf(world).state, archive.asked.length], ["planning", 0]);
    const approve = () => Promise.reject(new Error("it was approved before"));
    const report = await world.restore(to, { resume: 1, cold: { approve } });
    assert.deepEqual([report.job, report.exitCode], [1, 13]);
    assert.deepEqual([jobOf(world).state, timesAsked(archive)], ["open", once]);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("another restore leaves one alone that died while it was planned", () =>
  inWorld(async (world) => {
    await archived(world);
    await cutOffWhilePlanned(world, `${world.folder}/back`);
    assert.equal((await world.restore(`${world.folder}/other`)).job, 2);
    assert.deepEqual([jobOf(world).state, jobOf(world, 2).state], ["planning", "open"]);
    world.verify();
  }));

Deno.test("--request-only asks and downloads nothing, not even what is readable", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const report = await world.restore(to, { warmUp: { requestOnly: true } });
    assert.deepEqual([report.exitCode, archive.asked.length, archive.read], [13, 4, []]);
    assert.deepEqual(treeOf(to), {});
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("of hard links one object is asked for, and the others are linked to its file", () =>
  inWorld(async (world) => {
    world.write("a", "the content of three names");
    for (const name of ["b", "c"]) Deno.linkSync(`${world.source}/a`, `${world.source}/${name}`);
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const archive = simulatedArchive(world);
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to)).exitCode, 13);
    assert.deepEqual(timesAsked(archive), { a: 1 });
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    const inodes = ["a", "b", "c"].map((name) => Deno.statSync(`${to}/${name}`).ino);
    assert.deepEqual(new Set(inodes).size, 1);
    assert.deepEqual([archive.read, timesAsked(archive)], [["a"], { a: 1 }]);
    world.verify();
  }));

Deno.test("a cut off restore of nothing archived ends where another takes its folder, one that waits does not", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    world.write("later", "readable");
    await world.backup();
    const { get } = world.store;
    const selection = { paths: ["later"], include: undefined, exclude: undefined };
    world.store.get = (key, options) => {
      if (key === "later") throw failure("unreachable", "SocketError", key);
      return get(key, options);
    };
    await assert.rejects(world.restore(to, { selection }));
    world.store.get = get;
    assert.deepEqual([jobOf(world, 1).state, jobOf(world, 2).state], ["open", "open"]);
    assert.equal((await world.restore(to, { selection })).exitCode, 0);
    assert.deepEqual([1, 2, 3].map((job) => jobOf(world, job).state), [
      ...["open", "cancelled", "finished"],
    ]);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));
