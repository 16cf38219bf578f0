import assert from "node:assert/strict";
import { noShipping } from "../../src/app/ship_log.ts";
import { leftArchived } from "../../src/app/unsettled_renames.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import {
  copiesOf,
  counts,
  notices,
  stateOf,
  timesAsked,
  type Warming,
  warming,
} from "./warming_job.ts";

async function restored(world: World, { archive }: Warming, name: string, position?: number) {
  const to = `${world.folder}/${name}`;
  const wanted = position === undefined ? {} : { wanted: { kind: "position", position } as const };
  const first = await world.restore(to, wanted);
  if (first.exitCode === 13) {
    archive.later(13);
    assert.equal((await world.restore(to, { ...wanted, resume: first.job })).exitCode, 0);
  }
  return treeOf(to);
}

for (const versions of [false, true]) {
  const bucket = versions ? "with versions" : "without versions";

  Deno.test(`a moved folder is asked for once, copied when it is warm, and its old keys go, ${bucket}`, () =>
    inWorld(async (world) => {
      const job = warming(world);
      shell(
        world.source,
        "mkdir -p a/deep; for i in 1 2 3; do echo $i > a/$i; done; echo x > a/deep/x",
      );
      await job.backup();
      const before = world.log.head().position;
      const first = treeOf(world.source);
      shell(world.source, "mv a b; mv b/3 three");
      assert.equal((await job.backup()).exitCode, 0);
      assert.deepEqual(timesAsked(job), { "a/1": 1, "a/2": 1, "a/3": 1, "a/deep/x": 1 });
      assert.equal(job.plans.length, 1);
      const [{ objects, quote }] = job.plans;
      assert.equal(objects, 4);
      assert.ok(quote.total.usd > 0);
      assert.deepEqual(copiesOf(world), []);
      assert.deepEqual(counts(world), { open: 2, aliased: 0 });
      assert.equal(stateOf(world), "settling");
      assert.equal([...leftArchived(world.log.index)].length, 4);
      world.verify();
      // While they warm up: runs ask the store, and nothing else.
      const waiting = world.log.head().position;
      world.reopen();
      job.archive.later(6);
      assert.equal((await job.backup()).exitCode, 0);
      assert.equal(job.archive.asked.length, 4);
      assert.deepEqual(copiesOf(world), []);
      job.archive.later(7);
      world.reopen();
      assert.equal((await job.backup()).exitCode, 0);
      assert.deepEqual(copiesOf(world), ["b/1", "b/2", "b/deep/x", "three"]);
      assert.equal(job.archive.asked.length, 4);
      assert.deepEqual([job.plans.length, job.refused], [1, []]);
      assert.deepEqual(mirrorKeys(world.store).filter((key) => world.store.current(key)), [
        ...["b/", "b/1", "b/2", "b/deep/", "b/deep/x", "three"],
      ]);
      assert.equal(world.store.current("b/1")!.head.storageClass, "DEEP_ARCHIVE");
      assert.deepEqual(counts(world), { open: 0, aliased: 0 });
      assert.equal(stateOf(world), "finished");
      assert.deepEqual([...leftArchived(world.log.index)], []);
      // The fee of the old objects was told before they went; with versions they are still there.
      const fees = job.early.flat().map((tally) => [tally.storageClass, tally.objects]);
      assert.deepEqual(fees, versions ? [] : [["DEEP_ARCHIVE", 4]]);
      world.verify();
      assert.ok(world.log.index.snapshots().every(({ lost }) => lost === 0));
      assert.deepEqual(await restored(world, job, "out"), treeOf(world.source));
      assert.deepEqual(await restored(world, job, "then", before), first);
      assert.deepEqual(await restored(world, job, "meanwhile", waiting), treeOf(world.source));
      const since = world.store.requests.length;
      await job.backup();
      assert.deepEqual(copiesOf(world, since), []);
      assert.equal(world.events("RestorePlanned").filter(({ data }) => data.renames).length, 1);
    }, { versions }));
}

Deno.test("what nobody approves is not asked for, and the next run asks again", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "echo content > a");
    await job.backup();
    shell(world.source, "mv a b");
    job.approves = false;
    assert.equal((await job.backup()).exitCode, 6);
    assert.equal((await job.backup()).exitCode, 6);
    assert.deepEqual([job.plans.length, job.archive.asked.length], [2, 0]);
    assert.equal(stateOf(world), undefined);
    assert.deepEqual(counts(world), { open: 1, aliased: 0 });
    job.approves = true;
    await job.backup();
    assert.deepEqual(timesAsked(job), { a: 1 });
    job.archive.later(13);
    await job.backup();
    assert.deepEqual(mirrorKeys(world.store), ["b"]);
    world.verify();
  }, { versions: false }));

Deno.test("a copy that expires before a run comes is asked for again only when that is approved", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "echo content > a");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    job.archive.later(24 * 30);
    job.approves = false;
    await job.backup();
    assert.deepEqual([timesAsked(job), job.plans.length], [{ a: 1 }, 2]);
    job.approves = true;
    await job.backup();
    assert.deepEqual([timesAsked(job), job.plans.length], [{ a: 2 }, 3]);
    job.archive.later(13);
    await job.backup();
    assert.deepEqual([mirrorKeys(world.store), job.refused], [["b"], []]);
    assert.equal(stateOf(world), "finished");
    world.verify();
  }, { versions: false }));

Deno.test("a run that dies at any request goes on in the next one, and nothing is asked for twice", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "mkdir a; for i in 1 2 3; do echo $i > a/$i; done");
    await job.backup();
    shell(world.source, "mv a b");
    job.archive.after = (key) => {
      if (key === "a/2") throw failure("unreachable", "cut off", key);
    };
    await assert.rejects(job.backup(), /cut off/);
    job.archive.after = () => {};
    world.reopen();
    assert.equal((await job.backup()).exitCode, 0);
    assert.deepEqual(timesAsked(job), { "a/1": 1, "a/2": 1, "a/3": 1 });
    job.archive.later(13);
    world.store.before = (operation, key) => {
      if (operation === "copy" && key === "b/2") throw failure("unreachable", "cut off", key);
    };
    await assert.rejects(job.backup(), /cut off/);
    world.store.before = () => {};
    world.reopen();
    assert.equal((await job.backup()).exitCode, 0);
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3"]);
    assert.deepEqual(timesAsked(job), { "a/1": 1, "a/2": 1, "a/3": 1 });
    world.verify();
    assert.deepEqual(await restored(world, job, "out"), treeOf(world.source));
  }, { versions: false }));

Deno.test("what a restore has asked for is not asked for again", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "echo content > a");
    await job.backup();
    const report = await world.restore(`${world.folder}/out`);
    assert.equal(report.exitCode, 13);
    shell(world.source, "mv a b");
    // The copy has its price all the same.
    job.approves = false;
    assert.equal((await job.backup()).exitCode, 6);
    const [{ objects, copies }] = job.plans;
    assert.deepEqual([timesAsked(job), objects, copies.objects], [{ a: 1 }, 0, 1]);
    job.archive.later(13);
    assert.equal((await job.backup()).exitCode, 6);
    assert.deepEqual([copiesOf(world), job.refused], [[], []]);
    job.approves = true;
    assert.equal((await job.backup()).exitCode, 0);
    assert.deepEqual([timesAsked(job), mirrorKeys(world.store)], [{ a: 1 }, ["b"]]);
    assert.equal(stateOf(world), "finished");
    world.verify();
  }, { versions: false }));

Deno.test("snapshots of the waiting time keep what a removed file had", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "mkdir a; for i in 1 2 3; do echo $i > a/$i; done");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    const meanwhile = world.log.head().position;
    const tree = treeOf(world.source);
    shell(world.source, "rm b/2; echo changed-and-longer > b/3");
    await job.backup();
    job.archive.later(13);
    await job.backup();
    world.verify();
    assert.deepEqual(copiesOf(world), ["b/1"]);
    assert.deepEqual(await restored(world, job, "meanwhile", meanwhile), tree);
    assert.deepEqual(await restored(world, job, "out"), treeOf(world.source));
    assert.equal(stateOf(world), "finished");
  }, { versions: false }));

Deno.test("a job that wants aliases again has them, and asks for nothing more", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "echo content > a");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    await job.backup({ archivedRenames: "alias" });
    assert.deepEqual(counts(world), { open: 0, aliased: 1 });
    assert.equal(stateOf(world), "finished");
    assert.deepEqual(timesAsked(job), { a: 1 });
    world.verify();
  }, { versions: false }));

Deno.test("the price that is approved has the copies and the fees in it, and a limit holds both", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "mkdir a; for i in $(seq 100); do echo $i > a/$i; done");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    const [{ objects, copies }] = job.plans;
    assert.deepEqual([objects, copies.objects], [100, 100]);
    const lines = Object.fromEntries(copies.cost.lines.map(({ what, usd }) => [what, usd]));
    // 0.05 USD for 1,000 COPYs; 100 times 32 KiB and some bytes for 180 days.
    const fee = (100 * (32 * 1024) + 292) / 2 ** 30 * 0.00099 * 6;
    assert.ok(Math.abs(lines["COPY requests to DEEP_ARCHIVE"]! - 0.005) < 1e-9);
    assert.ok(Math.abs(lines["early deletion from DEEP_ARCHIVE"]! - fee) < fee / 100);
    job.archive.later(13);
    job.mayCopy = false;
    const held = await job.backup();
    assert.deepEqual([held.exitCode, held.stored.held], [6, 100]);
    assert.deepEqual([copiesOf(world), job.early, stateOf(world)], [[], [], "settling"]);
    assert.deepEqual([job.copies.length, job.copies[0].objects], [1, 100]);
    job.mayCopy = true;
    assert.equal((await job.backup()).exitCode, 0);
    assert.deepEqual([copiesOf(world).length, job.plans.length, stateOf(world)], [
      ...[100, 1],
      "finished",
    ]);
    assert.equal(job.early.flat()[0].objects, 100);
    world.verify();
  }, { versions: false }));

for (
  const [kind, code] of [["denied", "AccessDenied"], ["refused", "NotImplemented"]] as const
) {
  Deno.test(`a warm-up that is ${kind} (${code}) stops no backup: all else is stored, and it is told`, () =>
    inWorld(async (world) => {
      const job = warming(world);
      shell(world.source, "echo content > a");
      await job.backup();
      shell(world.source, "mv a b; echo new > new");
      job.archive.before = (key) => {
        throw failure(kind, code, key);
      };
      for (const name of ["new", "newer"]) {
        shell(world.source, `echo new > ${name}`);
        world.signals.length = 0;
        const { exitCode, snapshot, stored } = await job.backup();
        assert.deepEqual([exitCode, snapshot === undefined, stored.held], [6, false, 1]);
        assert.ok(world.store.current(name) !== undefined);
        assert.deepEqual(notices(world, /are not warmed up: .*; they wait for the next backup/), 1);
      }
      job.archive.before = () => {};
      assert.equal((await job.backup()).exitCode, 0);
      assert.deepEqual(timesAsked(job), { a: 1 });
      job.archive.later(13);
      await job.backup();
      assert.deepEqual(mirrorKeys(world.store), ["b", "new", "newer"]);
      world.verify();
    }, { versions: false }));
}

Deno.test("nothing is asked for before all else is stored", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "echo content > a");
    await job.backup();
    shell(world.source, "mv a b; echo new > new");
    job.archive.before = () => assert.ok(world.store.current("new") !== undefined);
    await job.backup();
    assert.deepEqual(timesAsked(job), { a: 1 });
  }));

Deno.test("where the service has no capacity for the tier nothing is asked for, and that is told", () =>
  inWorld(async (world) => {
    const job = warming(world, { tier: "Expedited" });
    const glacier = { storageClass: "GLACIER" };
    shell(world.source, "mkdir a; for i in 1 2 3; do echo $i > a/$i; done");
    await job.backup(glacier);
    shell(world.source, "mv a b");
    job.archive.before = (key) => {
      throw failure("refused", "GlacierExpeditedRetrievalNotAvailable", key);
    };
    const { exitCode, stored } = await job.backup(glacier);
    assert.deepEqual([exitCode, stored.held, notices(world, /no capacity .* Expedited/)], [
      6,
      3,
      1,
    ]);
    assert.deepEqual(timesAsked(job), {});
  }));

Deno.test("the log is shipped before and after copies that are paid for, and has each at once", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "mkdir a; for i in 1 2 3; do echo $i > a/$i; done");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    job.archive.later(13);
    const order: string[] = [];
    const waiting = world.log.head().position;
    const copied = () => world.events("ObjectCopied", waiting).length;
    world.store.before = (operation) => void (operation === "copy" && order.push(operation));
    const ship = () => Promise.resolve(void order.push(`ship ${copied()}`));
    await job.backup({ deps: { shipper: { ...noShipping, ship } } });
    // Then comes what is deleted.
    assert.deepEqual(order, ["ship 0", "copy", "copy", "copy", "ship 3", "ship 3"]);
    assert.equal(copied(), 3, "an event each");
  }, { versions: false }));

Deno.test("what a run that was cut off had copied is found, and not copied again", () =>
  inWorld(async (world) => {
    const job = warming(world);
    shell(world.source, "mkdir a; for i in 1 2 3; do echo $i > a/$i; done");
    await job.backup();
    shell(world.source, "mv a b");
    await job.backup();
    job.archive.later(13);
    const { log } = world;
    // As a process that is killed: nothing more comes into its log.
    const append: typeof log.append = (run, events, options) => {
      const list = typeof events === "function" ? events() : events;
      if (list.some(({ type }) => type === "ObjectCopied" || type === "RunFinished")) {
        throw new Error("killed");
      }
      return log.append(run, list, options);
    };
    world.log = { ...log, append };
    await assert.rejects(job.backup(), /killed/);
    assert.equal(copiesOf(world).length, 3);
    world.log = log;
    world.reopen();
    const since = world.store.requests.length;
    assert.equal((await job.backup()).exitCode, 0);
    assert.deepEqual(copiesOf(world, since), []);
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3"]);
    assert.deepEqual(await restored(world, job, "out"), treeOf(world.source));
    world.verify();
  }, { versions: false }));
