import assert from "node:assert/strict";
import { PROBE_FOLDER } from "../../src/core/mirror/object_key.ts";
import { prunePlanLines } from "../../src/report/prune_text.ts";
import { inRun } from "../../src/app/run.ts";
import { DAY, inLockedWorld, type LockedWorld } from "./locking_store.ts";
import { failure } from "./memory_store.ts";
import { check, complaints, forget, pruneStore, versionsOf } from "./upkeep.ts";

/** What is needed and has no lock, or one that ends before `days` from now. */
function shortLocks({ world, locks, now }: LockedWorld, days: number): string[] {
  return [...world.store.objects].flatMap(([key, versions]) =>
    versions.flatMap(({ head }) => {
      const name = `${key} ${head.versionId}`;
      return (locks.get(name)?.until ?? 0) < now() + days * DAY ? [key] : [];
    })
  );
}

const pieces = ({ world }: LockedWorld) => world.events("LockExtended").map(({ data }) => data);

Deno.test("locks are extended when less than half of the time is left, and not before", () =>
  inLockedWorld(async (locked) => {
    const { world, extended } = locked;
    world.write("a", "a");
    world.write("docs/b", "b");
    await locked.backup();
    assert.deepEqual(world.events("LockSet").map(({ data }) => data), [
      { seconds: 30 * 86_400, mode: "governance" },
    ]);
    extended.splice(0);
    locked.pass(14);
    assert.deepEqual(await locked.plan(), { extended: new Map(), looked: new Map() });
    await locked.backup();
    assert.equal(extended.length, 0);

    locked.pass(2);
    assert.deepEqual((await locked.plan()).extended, new Map([["STANDARD", 4]]));
    const { locks } = await locked.backup();
    assert.deepEqual([locks?.objects, locks?.failed], [4, 0]);
    assert.deepEqual(extended.map((name) => name.split(" ")[0]).sort(), [
      ".holdfast/repository.json",
      "a",
      "docs/",
      "docs/b",
    ]);
    assert.deepEqual(shortLocks(locked, 29), []);
    extended.splice(0);
    locked.pass(14);
    await locked.backup();
    assert.deepEqual(extended, []);
    locked.pass(2);
    await locked.backup();
    assert.equal(extended.length, 4);
    world.verify();
  }));

Deno.test("a lock that an existing job is given is put on what is there, also on old versions", () =>
  inLockedWorld(async (locked) => {
    const { world, extended } = locked;
    locked.setting = undefined;
    world.write("a", "1");
    await locked.backup();
    world.write("a", "two");
    await locked.backup();
    world.write("a", "three");
    await locked.backup();
    forget(world, world.events("SnapshotCreated")[1].position);
    assert.deepEqual(world.events("LockSet"), []);
    locked.setting = { mode: "governance", ms: 30 * DAY };
    await locked.backup();
    // The second content is no kept snapshot's.
    const [first, second, third] = world.store.objects.get("a")!.map(({ head }) => head.versionId);
    assert.ok(extended.includes(`a ${first}`) && extended.includes(`a ${third}`));
    assert.ok(!extended.includes(`a ${second}`));

    locked.setting = undefined;
    await locked.backup();
    assert.deepEqual(world.events("LockSet").map(({ data }) => data.seconds), [30 * 86_400, 0]);
  }));

Deno.test("what was found without a lock by a check is locked by the next backup", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    world.write("a", "a");
    await locked.backup();
    await locked.backup();
    const { versionId } = world.store.current("a")!.head;
    const lock = locked.setting;
    assert.equal((await check(world, { lock: lock! })).exitCode, 0);
    locks.delete(`a ${versionId}`);
    const report = await check(world, { lock: lock! });
    assert.deepEqual([report.exitCode, report.locks?.unlocked], [4, 1]);
    assert.deepEqual(complaints(world), ["a: not locked: the store keeps no lock of it"]);
    await locked.backup();
    assert.ok(locks.has(`a ${versionId}`));
    assert.equal((await check(world, { lock: lock! })).exitCode, 0);
  }));

Deno.test("a check says what has ended, what is weaker, and until when the rest is locked", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    world.write("a", "a");
    await locked.backup();
    const setting = locked.setting!;
    const { locks: found } = await check(world, { lock: setting });
    assert.ok(found!.objects >= 2);
    const earliest = Math.min(...[...locks.values()].map(({ until }) => until));
    assert.equal(found!.soonest, earliest);
    const weak = await check(world, { lock: { ...setting, mode: "compliance" } });
    assert.equal(weak.locks!.unlocked, weak.locks!.objects);
    locked.pass(31);
    assert.equal((await check(world, { lock: setting })).locks!.unlocked, found!.objects);
    assert.match(complaints(world).at(-1)!, /: not locked: its lock ended at 20/);
  }));

Deno.test("a pass that is cut off goes on where it was", () =>
  inLockedWorld(async (locked) => {
    const { world, extended } = locked;
    for (let at = 0; at < 150; at++) world.write(`many/${at}`, "");
    await locked.backup();
    extended.splice(0);
    locked.pass(16);
    const { extendLock } = world.store;
    let left = 120;
    world.store.extendLock = async (object, lock) => {
      if (left-- <= 0) throw failure("unreachable", "SlowDown", object.key);
      await extendLock!(object, lock);
    };
    await assert.rejects(locked.backup(), { kind: "unreachable" });
    assert.deepEqual(pieces(locked).map(({ more }) => more !== undefined).slice(-1), [true]);
    world.store.extendLock = extendLock!;
    extended.splice(0);
    const { locks } = await locked.backup();
    assert.ok(locks!.objects < 60, `${locks!.objects} were asked for`);
    assert.deepEqual(shortLocks(locked, 29), []);
    const counts = pieces(locked).map(({ objects }) => objects.STANDARD);
    assert.deepEqual(counts, [100, locks!.objects]);
    world.verify();
  }));

Deno.test("locks that cannot be extended are counted, and the run says so", () =>
  inLockedWorld(async (locked) => {
    const { world } = locked;
    world.write("a", "a");
    await locked.backup();
    locked.pass(16);
    const { extendLock } = world.store;
    world.store.extendLock = async (object, lock) => {
      if (object.key === "a") throw failure("denied", "AccessDenied", object.key);
      await extendLock!(object, lock);
    };
    const { locks, exitCode } = await locked.backup();
    assert.deepEqual([exitCode, locks?.failed, locks?.reason], [3, 1, "a: AccessDenied: a"]);
    assert.equal(pieces(locked).at(-1)!.failed, 1);
  }));

Deno.test("a lock that is made shorter leaves longer ones alone", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    world.write("a", "a");
    await locked.backup();
    const before = new Map(locks);
    locked.setting = { mode: "governance", ms: 10 * DAY };
    const report = await locked.backup();
    assert.deepEqual([report.exitCode, report.locks?.objects, report.locks?.failed], [0, 0, 0]);
    assert.deepEqual(locks, before);
  }));

Deno.test("only what was found without a lock is locked, and the plan says so", () =>
  inLockedWorld(async (locked) => {
    const { world, locks, asked } = locked;
    for (const name of ["a", "b", "c"]) world.write(name, name);
    await locked.backup();
    const { versionId } = world.store.current("b")!.head;
    locks.delete(`b ${versionId}`);
    await check(world, { lock: locked.setting! });
    asked.splice(0);
    const { extended, looked } = await locked.plan();
    assert.deepEqual([[...extended], [...looked]], [[["STANDARD", 1]], [["STANDARD", 4]]]);
    const until = Math.min(...[...locks.values()].map((lock) => lock.until));
    locked.pass(5);
    await locked.backup();
    assert.deepEqual(asked, [`b ${versionId}`]);
    // What it promises is what the others have: they are extended when that is below half.
    const promised = Date.parse(pieces(locked).at(-1)!.until);
    assert.ok(promised <= until && promised > until - DAY, `${(until - promised) / DAY}`);
    assert.equal(await locked.backup().then(({ locks }) => locks), undefined);
    locked.pass(11);
    assert.equal((await locked.backup()).locks?.objects, 4);
  }));

Deno.test("what could not be locked is tried again by each run, and nothing else is", () =>
  inLockedWorld(async (locked) => {
    const { world, asked } = locked;
    world.write("a", "a");
    world.write("b", "b");
    await locked.backup();
    locked.pass(16);
    const { extendLock } = world.store;
    world.store.extendLock = async (object, lock, options) => {
      asked.push(object.key);
      if (object.key === "a") throw failure("denied", "AccessDenied", object.key);
      await extendLock!(object, lock, options);
    };
    assert.equal((await locked.backup()).locks?.failed, 1);
    asked.splice(0);
    const { locks, exitCode } = await locked.backup();
    assert.deepEqual([asked, exitCode, locks?.failed, locks?.objects], [["a"], 3, 1, 0]);
    world.store.extendLock = extendLock!;
    assert.equal((await locked.backup()).locks?.objects, 1);
    assert.equal((await locked.backup()).locks, undefined);
    assert.deepEqual(shortLocks(locked, 29), []);
  }));

Deno.test("where the store refuses each lock the rest is not asked for, and told", () =>
  inLockedWorld(async (locked) => {
    const { world } = locked;
    for (let at = 0; at < 300; at++) world.write(`many/${at}`, "");
    await locked.backup();
    locked.pass(16);
    let refusals = 0;
    world.store.extendLock = ({ key }) => {
      refusals++;
      return Promise.reject(failure("denied", "AccessDenied", key));
    };
    const { locks, exitCode } = await locked.backup();
    assert.deepEqual([exitCode, locks?.gaveUp, locks?.objects], [3, true, 0]);
    assert.ok(refusals >= 100 && refusals < 120, `${refusals}`);
    assert.deepEqual(pieces(locked), []);
  }));

Deno.test("compliance mode is raised to by a key that may, and the others make the lock longer", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    world.write("a", "a");
    await locked.backup();
    await locked.backup();
    locked.pass(5);
    locked.setting = { mode: "compliance", ms: 30 * DAY };
    const { locks: first, exitCode } = await locked.backup();
    assert.deepEqual([exitCode, first?.objects], [3, 0]);
    assert.match(first!.reason!, /in governance mode only: .* s3:BypassGovernanceRetention/);
    assert.deepEqual(shortLocks(locked, 29), []);

    locked.mayBypass = true;
    const { locks: second, exitCode: code } = await locked.backup();
    assert.deepEqual([code, second?.failed, (second?.objects ?? 0) > 0], [0, 0, true]);
    assert.deepEqual([...locks.values()].filter(({ mode }) => mode !== "compliance"), []);
    assert.equal((await locked.backup()).locks, undefined);
    assert.equal((await check(world, { lock: locked.setting })).exitCode, 0);
  }));

Deno.test("governance mode follows compliance mode when that has ended, and no lock is weakened", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    locked.setting = { mode: "compliance", ms: 30 * DAY };
    for (const name of locks.keys()) {
      locks.set(name, { mode: "compliance", until: locked.now() + 30 * DAY });
    }
    world.write("a", "a");
    await locked.backup();
    locked.pass(1);
    locked.setting = { mode: "governance", ms: 30 * DAY };
    const { exitCode, locks: first } = await locked.backup();
    assert.deepEqual([exitCode, first?.failed], [0, 0]);
    const version = world.store.current("a")!.head.versionId;
    assert.equal(locks.get(`a ${version}`)!.mode, "compliance");
    locked.pass(16);
    const { locks: second, exitCode: code } = await locked.backup();
    assert.deepEqual([code, second!.objects], [3, 0]);
    assert.match(
      second!.reason!,
      /in compliance mode until 20\S+: governance mode can follow only/,
    );
    locked.pass(14);
    const { exitCode: last } = await locked.backup();
    assert.deepEqual([last, locks.get(`a ${version}`)!.mode], [0, "governance"]);
    assert.deepEqual(shortLocks(locked, 14), []);
  }));

Deno.test("what a run took over from others is locked by the next backup", () =>
  inLockedWorld(async (locked) => {
    const { world, locks } = locked;
    world.write("a", "a");
    await locked.backup();
    const { versionId } = world.store.current("a")!.head;
    // As reconcile and adopt record it: an object that was there, stored by a run of theirs.
    const { data, position } = world.events("ObjectsStored").at(-1)!;
    const folders = data.folders.map(({ path, objects }) => ({
      path,
      objects: objects.map((object) => ({ ...object, prev: position })),
    }));
    const { environment, log } = world;
    locks.delete(`a ${versionId}`);
    await inRun(log, environment, { command: "adopt", config: "" }, (run) => {
      log.append(run, [{ type: "ObjectsStored", data: { ...data, folders } }]);
      return Promise.resolve({ result: undefined, outcome: 0, totals: {} });
    });
    locked.extended.splice(0);
    await locked.backup();
    assert.deepEqual(locked.extended, [`a ${versionId}`]);
    assert.equal((await locked.backup()).locks, undefined);
  }));

Deno.test("prune leaves what locks keep, says until when, and deletes it then", () =>
  inLockedWorld(async (locked) => {
    const { world } = locked;
    world.write("a", "1");
    await locked.backup();
    locked.pass(10);
    world.write("a", "22");
    await locked.backup();
    locked.pass(1);
    world.write("a", "333");
    await locked.backup();
    forget(world, ...world.events("SnapshotCreated").slice(0, 2).map(({ position }) => position));

    const report = await pruneStore(world);
    assert.deepEqual([report.exitCode, report.plan.objects, report.deleted], [0, 0, 0]);
    const { held } = report;
    assert.deepEqual([held?.objects, held?.bytes], [2, 3]);
    assert.equal(Math.round((held!.from - locked.now()) / DAY), 19);
    assert.equal(Math.round((held!.until - locked.now()) / DAY), 29);
    const lines = prunePlanLines(report.plan, { prices: { rows: [] }, region: "us-east-1" });
    assert.match(lines.join("\n"), /nothing to delete: locks keep the rest\nlocks keep 2 objects/);
    assert.equal(world.events("RunFinished").at(-1)!.data.totals.held, "2");
    assert.equal(world.store.count("delete"), 0);

    locked.pass(20);
    const later = await pruneStore(world);
    assert.deepEqual([later.plan.objects, later.deleted, later.held?.objects], [1, 1, 1]);
    assert.deepEqual(versionsOf(world, "a"), ["22", "333"]);
    locked.pass(10);
    assert.deepEqual([(await pruneStore(world)).deleted], [1]);
    assert.deepEqual(versionsOf(world, "a"), ["333"]);
    world.verify();
  }));

Deno.test("objects of the probe are nobody's to lock", () =>
  inLockedWorld(async (locked) => {
    const { world, extended } = locked;
    await world.store.put(`${PROBE_FOLDER}1/class`, new Uint8Array(1), {});
    world.write("a", "a");
    await locked.backup();
    locked.pass(16);
    await locked.backup();
    assert.ok(extended.length > 0);
    assert.ok(!extended.some((name) => name.startsWith(PROBE_FOLDER)));
  }));
