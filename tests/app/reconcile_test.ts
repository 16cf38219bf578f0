import assert from "node:assert/strict";
import { BATCH_BYTES } from "../../src/core/event/event.ts";
import type { FoundObject } from "../../src/ports/work_tables.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, type World } from "./app_world.ts";
import { healStore } from "./heal_world.ts";
import { differencesIn, reconcileStore } from "./reconcile_world.ts";
import { check, complaints } from "./upkeep.ts";

/** The index and the store side by side. */
async function smallRepository(world: World): Promise<void> {
  shell(world.source, "mkdir -p a/b empty; echo one > a/one; echo two > a/b/two; ln -s one a/link");
  shell(world.source, "echo 1 > a.txt; echo 2 > 'a-b'; echo 3 > z");
  await world.backup();
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** The newest version under a key, in another class. */
function reclassify({ store }: World, key: string, storageClass: string): void {
  const versions = store.objects.get(key)!;
  const last = versions.pop()!;
  versions.push({ ...last, head: { ...last.head, storageClass } });
}

Deno.test("where index and store agree, one LIST says so and no object is looked at by itself", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const heads = world.store.count("head");
    const report = await reconcileStore(world);
    assert.deepEqual(
      [report.exitCode, report.objects, report.missing, report.damaged, report.newer],
      [0, 9, 0, 0, 0],
    );
    assert.deepEqual([report.unknown.objects, report.former, report.unstored], [0, 0, 0]);
    assert.deepEqual([world.store.count("list"), world.store.count("head")], [1, heads]);
    assert.deepEqual(differencesIn(world), []);
    world.verify();
  }));

for (const versions of [true, false]) {
  const store = versions ? "a versioned store" : "a store without versions";
  Deno.test(`what is gone or another object in ${store} is not stored any more, and heals`, () =>
    inWorld(async (world) => {
      await smallRepository(world);
      const whole = [...world.store.objects.keys()].sort();
      for (const key of ["a/one", "empty/", "z"]) world.store.objects.delete(key);
      const [{ head }] = world.store.objects.get("a/b/two")!;
      world.store.objects.set("a/b/two", [{ body: bytes("else"), head: { ...head, size: 9 } }]);
      const report = await reconcileStore(world);
      assert.deepEqual([report.exitCode, report.missing, report.damaged], [5, 3, 1]);
      assert.deepEqual(report.healable, { entries: 4, packs: 0 });
      const all = ["damaged a/b/two", "missing a/one", "missing empty/", "missing z"];
      assert.deepEqual(differencesIn(world), all);
      assert.match(
        complaints(world).join("\n"),
        /^a\/one: missing: .*; the next backup stores it/m,
      );
      const again = await reconcileStore(world);
      assert.deepEqual([again.exitCode, again.unstored], [0, 4], "known by now");
      const healed = await healStore(world);
      assert.deepEqual([healed.exitCode, healed.lost, healed.healed], [0, 4, 4]);
      assert.deepEqual([...world.store.objects.keys()].sort(), whole);
      assert.equal((await check(world)).exitCode, 0);
      world.verify();
    }, { versions }));
}

Deno.test("a newer version or a delete marker of others is told, and loses nothing", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    await world.store.put("a/one", bytes("by others"), {});
    await world.store.delete([{ key: "z" }]);
    const report = await reconcileStore(world);
    assert.deepEqual([report.exitCode, report.newer, report.missing], [0, 2, 0]);
    const [{ data }] = world.events("DifferencesFound");
    const [first, second] = data.objects.toSorted((a, b) => a.key < b.key ? -1 : 1);
    assert.deepEqual([first.is, first.key, first.size], ["newer", "a/one", "9"]);
    assert.deepEqual([second.key, second.size, second.etag], ["z", undefined, undefined]);
    assert.equal((await world.backup()).stored.objects, 0);
  }, { versions: true }));

Deno.test("another class is noted once, and once more where it is the old one again", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    reclassify(world, "a/one", "GLACIER");
    const report = await reconcileStore(world);
    assert.deepEqual([report.exitCode, [...report.otherClass]], [0, [["GLACIER", 1]]]);
    assert.equal((await reconcileStore(world)).otherClass.size, 0);
    const found = world.events("StorageClassesFound").map(({ data }) => data.objects);
    assert.deepEqual(found.map(([{ key, class: name }]) => [key, name]), [["a/one", "GLACIER"]]);
    reclassify(world, "a/one", "STANDARD");
    assert.deepEqual([...(await reconcileStore(world)).otherClass], [["STANDARD", 1]]);
    assert.deepEqual(differencesIn(world), []);
    world.verify();
  }));

Deno.test("what no log has stored is unknown, what an older state had is not", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    Deno.renameSync(`${world.source}/z`, `${world.source}/y`);
    Deno.removeSync(`${world.source}/a.txt`);
    await world.backup({ scan: { acceptDeletions: true } });
    await world.store.put("foreign", new Uint8Array(7), {});
    await world.store.put(".holdfast/content/x/1-ab", new Uint8Array(3), {});
    await world.store.put(".holdfast/whatever", new Uint8Array(3), {});
    const report = await reconcileStore(world);
    assert.deepEqual(report.unknown, { objects: 2, bytes: 10 });
    assert.deepEqual(differencesIn(world), ["unknown .holdfast/content/x/1-ab", "unknown foreign"]);
    assert.equal(report.exitCode, 0);
  }));

Deno.test("unknown objects go only with consent, and never what somebody may need", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    Deno.renameSync(`${world.source}/a`, `${world.source}/moved`);
    await world.backup({ renames: "alias", scan: { acceptDeletions: true } });
    const before = [...world.store.objects.keys()].sort();
    await world.store.put("foreign", new Uint8Array(7), {});
    await world.store.put("moved/one", new Uint8Array(1), {});
    await world.store.put(".holdfast/content/x/1-ab", new Uint8Array(3), {});
    const { metadata } = (await world.store.head("z"))!;
    await world.store.put("copied", bytes("3\n"), { metadata });
    const asked: string[][] = [];
    const no = await reconcileStore(world, {
      acceptDeletions: (plan) => Promise.resolve(asked.push([...plan.sample]) < 0),
    });
    assert.deepEqual([no.removed!.plan.objects, no.removed!.deleted], [1, 0]);
    assert.deepEqual(asked, [["foreign"]]);
    assert.deepEqual(
      world.events("DeletionPlanned", 0).filter(({ data }) => data.why === "unknown"),
      [],
    );
    const yes = await reconcileStore(world, { acceptDeletions: () => Promise.resolve(true) });
    assert.deepEqual(Object.fromEntries(yes.removed!.plan.left), {
      "below .holdfast/": 1,
      "carries Holdfast's metadata": 1,
      "the key of an entry": 1,
    });
    assert.equal(yes.removed!.deleted, 1);
    const kept = [...before, "moved/one", ".holdfast/content/x/1-ab", "copied"].sort();
    const now = [...world.store.objects.keys()].filter((key) => world.store.current(key));
    assert.deepEqual(now.sort(), kept);
    const deletions = world.events("ObjectDeleted").filter(({ data }) => data.why === "unknown");
    assert.deepEqual(deletions.map(({ data }) => data.objects), [[{ key: "foreign", stored: 0 }]]);
    world.verify();
  }));

Deno.test("an object that is back is adopted, and one that a person has copied in, too", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const one = world.store.objects.get("a/one")!;
    world.store.objects.delete("a/one");
    assert.equal((await reconcileStore(world)).missing, 1);
    world.store.objects.set("a/one", one);
    const [{ head, body }] = world.store.objects.get("z")!;
    await world.store.put("new/deep/z", body, { metadata: head.metadata });
    await world.store.put("a/one/below", body, { metadata: head.metadata });
    const puts = world.store.count("put");
    const report = await reconcileStore(world, { adopt: true });
    assert.equal(report.adopted!.objects, 2);
    assert.deepEqual(Object.fromEntries(report.adopted!.left), {
      "something else is at its path": 1,
    });
    assert.equal(world.store.count("put"), puts, "nothing is uploaded");
    const again = await reconcileStore(world);
    // The folders above it have no object yet.
    assert.deepEqual([again.exitCode, again.unstored, again.unknown.objects], [0, 2, 1]);
    const back = `${world.folder}/back`;
    await world.restore(back, { wanted: { kind: "head" } });
    assert.equal(Deno.readTextFileSync(`${back}/new/deep/z`), "3\n");
    assert.equal(Deno.readTextFileSync(`${back}/a/one`), "one\n");
    assert.equal((await healStore(world)).lost, 0);
    world.verify();
  }));

Deno.test("an object that is another one than the entry, or of a later log, is not adopted", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const one = world.store.objects.get("a/one")!;
    world.store.objects.delete("a/one");
    await reconcileStore(world);
    world.write("a/one", "another, later");
    world.store.objects.set("a/one", one);
    await world.backup();
    const [{ head, body }] = world.store.objects.get("z")!;
    const text = atob(head.metadata.holdfast.replaceAll("-", "+").replaceAll("_", "/"));
    const later = btoa(JSON.stringify({ ...JSON.parse(text), position: 1_000_000 }));
    const holdfast = later.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    await world.store.put("later", body, { metadata: { holdfast } });
    const report = await reconcileStore(world, { adopt: true });
    assert.deepEqual([report.adopted!.objects, [...report.adopted!.left]], [
      0,
      [["written by a log that is ahead of this one", 1]],
    ]);
  }));

Deno.test("a listing in a wrong order, or an old one, loses nothing that is there", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const objects: FoundObject[] = [];
    for await (const page of world.store.list("")) objects.push(...page);
    async function* backwards() {
      for (const object of objects.toReversed()) yield await Promise.resolve([object]);
    }
    const one = await reconcileStore(world, { inventory: backwards });
    assert.deepEqual([one.exitCode, one.missing, one.unknown.objects], [0, 0, 0]);
    async function* old() {
      yield await Promise.resolve(objects.filter(({ key }) => key !== "a/one").slice(0, 5));
    }
    const two = await reconcileStore(world, { inventory: old });
    assert.deepEqual([two.exitCode, two.by, two.missing], [0, "inventory", 0]);
    assert.deepEqual(differencesIn(world), []);
  }));

Deno.test("many differences are few events, none of them above its limit of bytes", () =>
  inWorld(async (world) => {
    await smallRepository(world);
    const long = "x".repeat(900);
    for (let i = 0; i < 2500; i++) await world.store.put(`${long}${i}`, new Uint8Array(1), {});
    const report = await reconcileStore(world);
    assert.equal(report.unknown.objects, 2500);
    const sizes = world.events("DifferencesFound").map(({ data }) => JSON.stringify(data).length);
    assert.ok(sizes.length > 2 && sizes.length < 20, `${sizes}`);
    assert.ok(sizes.every((size) => size < BATCH_BYTES + 100), `${sizes}`);
  }));
