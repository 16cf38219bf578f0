import assert from "node:assert/strict";
import type { JobLog } from "../../src/ports/event_log.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, type World } from "./app_world.ts";

/** What each sort of change costs in requests and observations. */
function smallTree({ source }: World): void {
  shell(source, "mkdir -p a/b empty; echo one > a/one; echo two > a/b/two; ln -s one a/link");
}

Deno.test("a first backup stores every entry and ends with a snapshot", () =>
  inWorld(async (world) => {
    smallTree(world);
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.equal(report.stored.objects, 6);
    assert.deepEqual(mirrorKeys(world.store), [
      ...["a/", "a/b/", "a/b/two", "a/link", "a/one", "empty/"],
    ]);
    assert.equal(world.events("SnapshotCreated").length, 1);
    assert.equal(report.snapshot, world.events("SnapshotCreated")[0].position);
    world.verify();
  }));

Deno.test("an unchanged run costs one GET, and neither an observation nor a look-up of entries", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    await world.backup();
    const before = world.log.head().position;
    world.store.requests.length = 0;
    const { log } = world;
    const looks = { entries: 0 };
    world.log = countingLooks(log, looks);
    const report = await world.backup();
    world.log = log;
    assert.deepEqual(world.store.requests, [{
      operation: "get",
      key: ".holdfast/repository.json",
    }]);
    assert.deepEqual(world.observations(before), []);
    assert.equal(looks.entries, 0);
    assert.equal(report.exitCode, 0);
    world.verify();
  }));

Deno.test("in an unchanged run only the folders that changed look up their entries", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    await world.backup();
    world.write("a/b/new", "new");
    const { log } = world;
    const looks = { entries: 0 };
    world.log = countingLooks(log, looks);
    await world.backup();
    world.log = log;
    // Of a/b for the comparison, of a/b and the folders above it for the two digests.
    assert.ok(looks.entries > 0 && looks.entries <= 9, `${looks.entries} look-ups`);
    world.verify();
  }));

Deno.test("a changed file is one observation, one PUT and a new version", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    const before = world.log.head().position;
    world.store.requests.length = 0;
    world.write("a/one", "changed");
    const report = await world.backup();
    assert.equal(report.stored.objects, 1);
    assert.deepEqual(world.observations(before), ["changed a/one"]);
    assert.equal(world.store.count("put"), 1);
    assert.equal(world.store.objects.get("a/one")!.length, 2);
    world.verify();
  }));

Deno.test("a touched file is read again and not stored again", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    const before = world.log.head().position;
    world.store.requests.length = 0;
    shell(world.source, "touch -d 2001-01-01 a/one");
    const report = await world.backup();
    assert.deepEqual(world.observations(before), ["changed a/one", "reread a/one"]);
    assert.equal(world.store.count("put"), 0);
    assert.equal(report.stored.equal, 1);
    assert.ok(report.snapshot! > before);
    world.verify();
  }));

Deno.test("a chmod stores nothing, of a file or of a folder", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    const before = world.log.head().position;
    world.store.requests.length = 0;
    shell(world.source, "chmod 600 a/one; chmod 700 a/b");
    await world.backup();
    assert.deepEqual(world.observations(before), ["changed a/b", "changed a/one", "reread a/one"]);
    assert.equal(world.store.count("put"), 0);
    world.verify();
  }));

Deno.test("a large file that was touched is hashed and not uploaded again", () =>
  inWorld(async (world) => {
    world.write("large", "0123456789".repeat(30));
    await world.backup({ partSize: 100 });
    assert.equal(world.store.count("completeUpload"), 1);
    shell(world.source, "touch large");
    const report = await world.backup({ partSize: 100 });
    assert.equal(report.stored.equal, 1);
    assert.equal(world.store.count("createUpload"), 1);
    world.verify();
  }));

Deno.test("a tree copied to new inodes uploads nothing", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    world.store.requests.length = 0;
    shell(world.folder, "cp -a source copy; rm -r source; mv copy source");
    const report = await world.backup();
    assert.equal(report.stored.equal, 2);
    assert.equal(world.store.count("put"), 0);
    world.verify();
  }));

Deno.test("with trust_mtime a file of the same size and mtime is not read again", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    const before = world.log.head().position;
    shell(world.folder, "cp -a source copy; rm -r source; mv copy source");
    const opened: string[] = [];
    const faults = { openFile: (path: string) => void opened.push(path) };
    const report = await world.backup({ scan: { trustMtime: true, faults } });
    assert.deepEqual(opened, []);
    assert.equal(report.stored.equal, 0);
    assert.ok(world.observations(before).includes("changed a/one"));
    assert.ok(report.snapshot! > before);
    world.verify();
  }));

Deno.test("with observations = all each entry is an observation in each run", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    const before = world.log.head().position;
    await world.backup({ scan: { observeAll: true } });
    assert.deepEqual(world.observations(before), [
      ...["unchanged ", "unchanged a", "unchanged a/b", "unchanged a/b/two", "unchanged a/link"],
      ...["unchanged a/one", "unchanged empty"],
    ]);
    world.verify();
  }));

Deno.test("a dry run plans what the next run stores, and leaves log and store as they are", () =>
  inWorld(async (world) => {
    smallTree(world);
    const { hash } = world.log.head();
    const report = await dryRun(world);
    assert.equal(report.plan!.entries, 6);
    assert.equal(world.store.count("put"), 0);
    assert.equal(world.log.head().hash, hash);
    assert.equal((await world.backup()).stored.objects, 6);
    world.verify();
  }));

Deno.test("a file that was changed within the racy window is stored, and read again next time", () =>
  inWorld(async (world) => {
    world.write("young", "young");
    const { ctime } = Deno.statSync(`${world.source}/young`);
    world.clock.time = BigInt(ctime!.getTime()) * 1_000_000n;
    const first = await world.backup();
    assert.equal(first.stored.objects, 1);
    assert.ok(first.snapshot! > 0, "not settled is no reason against a snapshot");
    world.clock.time += 3_600_000_000_000n;
    const before = world.log.head().position;
    const second = await world.backup();
    assert.equal(second.stored.equal, 1);
    assert.ok(world.observations(before).includes("reread young"));
    const then = world.log.head().position;
    const third = await world.backup();
    assert.equal(third.stored.equal, 0);
    assert.deepEqual(world.observations(then), []);
    world.verify();
  }));

Deno.test("hard links are stored under each name, and noticed as one group", () =>
  inWorld(async (world) => {
    shell(world.source, "echo one > one; ln one two");
    await world.backup();
    assert.deepEqual(mirrorKeys(world.store), ["one", "two"]);
    const [{ data }] = world.events("EntriesObserved");
    assert.deepEqual(data.folders[0].entries.map(({ links }) => links ?? 1), [1, 2, 2]);
    world.verify();
  }, { versions: false }));

async function dryRun(world: World) {
  const { log } = world;
  world.log = openJobLog(log.file, { clock: world.clock, sha256 }, {
    mode: "write",
    volatile: true,
  });
  try {
    return await world.backup({ dryRun: true });
  } finally {
    world.log.close();
    world.log = log;
  }
}

/** Counts what a run asks of the table of entries. */
function countingLooks(log: JobLog, looks: { entries: number }): JobLog {
  const { tables } = log.index;
  return {
    ...log,
    index: {
      ...log.index,
      tables: {
        ...tables,
        findEntry(folder, name) {
          looks.entries++;
          return tables.findEntry(folder, name);
        },
        entriesIn(folder) {
          looks.entries++;
          return tables.entriesIn(folder);
        },
      },
    },
  };
}
