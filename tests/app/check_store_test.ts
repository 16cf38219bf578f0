import assert from "node:assert/strict";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, type World } from "./app_world.ts";
import { check, complaints, undo } from "./upkeep.ts";

/** The index against the store. */
async function smallRepository(world: World): Promise<void> {
  shell(world.source, "mkdir -p a/b empty; echo one > a/one; echo two > a/b/two; ln -s one a/link");
  await world.backup();
}

function damage({ store }: World, key: string, body: string): void {
  const [{ head }] = store.objects.get(key)!;
  const bytes = new TextEncoder().encode(body);
  store.objects.set(key, [{ body: bytes, head: { ...head, size: bytes.length } }]);
}

Deno.test("a whole repository is found whole, by one LIST", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const heads = world.store.count("head");
    const report = await check(world);
    assert.deepEqual(
      [report.exitCode, report.entries, report.missing, report.damaged, report.unstored],
      [0, 6, 0, 0, 0],
    );
    assert.equal(report.bytes, 8);
    assert.deepEqual(report.unknown, { objects: 0, bytes: 0 });
    assert.equal(world.store.count("list"), 1);
    assert.equal(world.store.count("head"), heads);
    world.verify();
  }));

for (const versions of [true, false]) {
  const store = versions ? "a versioned store" : "a store without versions";
  Deno.test(`lost and damaged objects in ${store} are found, and stored again by the next backup`, () =>
    inWorld(async (world) => {
      await smallRepository(world);
      const whole = [...world.store.objects.keys()].sort();
      world.store.objects.delete("a/one");
      world.store.objects.delete("empty/");
      world.store.objects.delete("a/link");
      damage(world, "a/b/two", "something else");
      const report = await check(world);
      assert.deepEqual([report.exitCode, report.missing, report.damaged], [5, 3, 1]);
      const told = complaints(world);
      assert.equal(told.length, 4);
      assert.match(told.join("\n"), /^a\/one: missing: .*a\/one; the next backup stores it again/m);
      assert.match(told.join("\n"), /^a\/b\/two: damaged: a\/b\/two holds 14 bytes, not 4/m);
      const again = await world.backup();
      assert.deepEqual([again.exitCode, again.stored.objects], [0, 4]);
      assert.deepEqual([...world.store.objects.keys()].sort(), whole);
      assert.equal((await check(world)).exitCode, 0);
      world.verify();
    }, { versions }));
}

Deno.test("in a versioned store it is the version that counts, whatever the current object is", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    await world.store.put("a/one", new TextEncoder().encode("by others"), {});
    await world.store.delete([{ key: "a/b/two" }]);
    const report = await check(world);
    assert.deepEqual([report.exitCode, report.missing, report.damaged], [0, 0, 0]);
  }));

Deno.test("reading finds what no listing can tell", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    damage(world, "a/one", "ONE\n");
    assert.equal((await check(world)).exitCode, 0);
    const report = await check(world, { readData: 100 });
    assert.deepEqual([report.exitCode, report.damaged, report.read.objects], [5, 1, 1]);
    assert.match(complaints(world)[0], /^a\/one: damaged: the SHA-256 of a\/one is not/);
    const [{ data }] = world.events("ObjectVerified");
    const verified = { source: "", read: true, folders: [{ path: "a/b", names: ["two"] }] };
    assert.deepEqual(data, verified);
    world.verify();
  }));

Deno.test("a part of the data is read, each time what was not read for longest", () =>
  inWorld(async (world) => {
    shell(world.source, "for i in 0 1 2 3 4 5 6 7 8 9; do echo $i > f$i; done");
    await world.backup();
    const read: number[] = [];
    for (let i = 0; i < 4; i++) {
      read.push((await check(world, { readData: 30 })).read.objects);
    }
    assert.deepEqual(read, [3, 3, 3, 3]);
    const names = world.events("ObjectVerified")
      .flatMap(({ data }) => data.folders.flatMap((folder) => folder.names));
    assert.deepEqual(names, [..."0123456789", "0", "1"].map((digit) => `f${digit}`));
    world.verify();
  }));

Deno.test("archived objects are not read, and said so", () =>
  inWorld(async (world) => {
    world.write("cold", "cold");
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const report = await check(world, { readData: 100 });
    assert.deepEqual(report.read, { objects: 0, bytes: 0, archived: 1 });
    assert.equal(report.exitCode, 0);
  }));

Deno.test("objects that no entry has and unstored entries are counted, classes compared", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    await world.store.put("foreign", new Uint8Array(7), {});
    const [version] = world.store.objects.get("a/one")!;
    const head = { ...version.head, storageClass: "STANDARD_IA" };
    world.store.objects.set("a/one", [{ ...version, head }]);
    const report = await check(world);
    assert.deepEqual(report.unknown, { objects: 1, bytes: 7 });
    assert.deepEqual([...report.otherClass], [["STANDARD_IA", 1]]);
    assert.equal(report.exitCode, 0);
  }));

Deno.test("the content of a kept snapshot is looked at when asked", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    world.write("a/one", "changed");
    await world.backup();
    assert.equal((await check(world, { snapshots: true })).snapshotContents, 1);
    world.store.objects.set("a/one", world.store.objects.get("a/one")!.slice(1));
    assert.equal((await check(world)).exitCode, 0);
    const report = await check(world, { snapshots: true });
    assert.deepEqual([report.exitCode, report.missing], [5, 1]);
    assert.equal((await world.backup()).stored.objects, 0);
    world.verify();
  }));

Deno.test("what a snapshot has is looked at where the entry has another object of the same event", () =>
  inWorld(async (world) => {
    world.write("one", "same");
    world.write("two", "same");
    await world.backup();
    Deno.renameSync(`${world.source}/two`, `${world.source}/one`);
    await world.backup({ scan: { acceptDeletions: true } });
    await undo(world);
    const row = world.log.index.tables.findEntry(1, new TextEncoder().encode("one"))!;
    assert.equal(world.log.index.keys.ofEntry(row), "two");
    assert.equal((await check(world, { snapshots: true })).snapshotContents, 1);
    world.store.objects.delete("one");
    assert.equal((await check(world)).exitCode, 0);
    const report = await check(world, { snapshots: true });
    assert.deepEqual([report.exitCode, report.missing], [5, 1]);
    assert.match(complaints(world).at(-1)!, /^one: /);
    world.verify();
  }));

Deno.test("parts of the shipped log that are gone are found", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const key = ".holdfast/log/x/0000000000000001.jsonl.zst";
    const data = { log: "22".repeat(16), key, first: 1, last: 3, head: "ab".repeat(32) };
    world.log.append("ee".repeat(16), [{ type: "LogSegmentShipped", data }]);
    const report = await check(world);
    assert.deepEqual([report.exitCode, report.missing], [5, 1]);
    assert.match(
      complaints(world)[0],
      /missing: the log's events 1 to 3; `holdfast log ship` puts it back/,
    );
    world.verify();
  }));

Deno.test("lifecycle rules that endanger the repository end the check with exit code 4", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    world.store.lifecycle = () =>
      Promise.resolve({
        keyPrefix: "prefix/",
        rules: [{
          ...{ id: "old", enabled: true, tagged: false, prefix: "", expires: true },
          transitions: [],
        }],
      });
    const report = await check(world);
    assert.equal(report.exitCode, 4);
    assert.match(report.lifecycle.danger!, /expires objects/);
  }));

Deno.test("without a repository nothing is checked and nothing written", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const head = world.log.head();
    world.store.objects.clear();
    await failsWith(check(world), "no-repository");
    assert.deepEqual(world.log.head(), head);
  }));
