import assert from "node:assert/strict";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { renamesKey } from "../../src/core/mirror/renames_record.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { liveTree, rebuildFromObjects, renamesKeys, shipNow } from "./rebuilt_world.ts";

async function backUp(world: World, more: Parameters<World["backup"]>[0] = {}): Promise<void> {
  await world.backup({ scan: { acceptDeletions: true }, ...more });
  await shipNow(world);
}

/** The index comes back as it was, what is restored is what was there, and nothing is sent again. */
async function assertComesBack(world: World): Promise<void> {
  const before = liveTree(world.log.index);
  const report = await rebuildFromObjects(world);
  assert.deepEqual(liveTree(world.log.index), before);
  assert.deepEqual(report.missing.filter((line) => !line.startsWith("the snapshot ")), []);
  world.verify();
  const to = `${world.folder}/back-${Math.random()}`;
  const restored = await world.restore(to, { wanted: { kind: "head" } });
  assert.equal(restored.exitCode, 0);
  assert.deepEqual(treeOf(to), treeOf(world.source));
  world.store.requests.length = 0;
  const again = await world.backup({ scan: { acceptDeletions: true } });
  assert.equal(again.stored.bytes, 0);
  const puts = world.store.requests.filter(({ operation }) => operation === "put");
  assert.deepEqual(puts, []);
}

Deno.test("an index comes back from the metadata of the objects", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`a/b${i % 3}/file ${i}`, `content ${i}`);
    world.write("empty", "");
    Deno.symlinkSync("a/b0", `${world.source}/link`);
    Deno.mkdirSync(`${world.source}/nothing in it`);
    await backUp(world);
    await assertComesBack(world);
  }));

Deno.test("a first run records what has no object: the source, and nothing of its files", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`a/${i}`, `content ${i}`);
    await backUp(world);
    const [key] = renamesKeys(world);
    const { body } = world.store.current(key)!;
    const lines = new TextDecoder().decode(platformHashing.decompress(body)).trim().split("\n");
    assert.deepEqual(
      lines.slice(1).map((line) => JSON.parse(line)).map(({ is, path }) => [is, path]),
      [["entry", ""], ["snapshot", undefined], ["scan", undefined]],
    );
    assert.equal(await shipNow(world), 0, "there is nothing new to say");
  }));

Deno.test("changes of metadata alone come back", () =>
  inWorld(async (world) => {
    for (const name of ["a/x", "a/y", "z"]) world.write(name, `of ${name}`);
    await backUp(world);
    Deno.chmodSync(`${world.source}/a/x`, 0o600);
    Deno.utimeSync(`${world.source}/z`, 1_600_000_000, 1_600_000_001);
    Deno.chmodSync(`${world.source}/a`, 0o700);
    await backUp(world);
    await assertComesBack(world);
  }));

for (const renames of ["copy", "alias"] as const) {
  Deno.test(`renamed files, exchanged files and new files on old names come back (${renames})`, () =>
    inWorld(async (world) => {
      const at = (path: string) => `${world.source}/${path}`;
      for (const name of ["a", "b", "c", "d", "in/e"]) world.write(name, `of ${name}`);
      await backUp(world, { renames });
      Deno.renameSync(at("a"), at("moved"));
      Deno.renameSync(at("b"), at("aside"));
      Deno.renameSync(at("c"), at("b"));
      Deno.renameSync(at("aside"), at("c"));
      Deno.removeSync(at("d"));
      await backUp(world, { renames });
      world.write("a", "another a");
      world.write("d", "another d");
      Deno.renameSync(at("in/e"), at("e"));
      await backUp(world, { renames });
      await assertComesBack(world);
    }));

  Deno.test(`renamed folders come back, one after the other (${renames})`, () =>
    inWorld(async (world) => {
      const at = (path: string) => `${world.source}/${path}`;
      for (const name of ["a/x", "a/sub/y", "b/x"]) world.write(name, `of ${name}`);
      await backUp(world, { renames });
      Deno.renameSync(at("b"), at("c"));
      await backUp(world, { renames });
      Deno.renameSync(at("a"), at("b"));
      await backUp(world, { renames });
      world.write("a/x", "a new folder on the old name");
      world.write("b/sub/y", "changed in the renamed folder");
      Deno.chmodSync(at("b/x"), 0o600);
      await backUp(world, { renames });
      Deno.renameSync(at("b/sub"), at("a/sub"));
      await backUp(world, { renames });
      await assertComesBack(world);
    }));
}

Deno.test("a file that was sent in parts has its hash in the renames object", () =>
  inWorld(async (world) => {
    world.write("large", "0123456789".repeat(100));
    await backUp(world, { partSize: 300 });
    const before = liveTree(world.log.index);
    await rebuildFromObjects(world);
    assert.deepEqual(liveTree(world.log.index), before);
    const { stored } = await world.backup({ partSize: 300 });
    assert.deepEqual([stored.objects, stored.bytes], [0, 0]);
  }));

Deno.test("without its renames object a file sent in parts is stored again", () =>
  inWorld(async (world) => {
    world.write("large", "0123456789".repeat(100));
    await backUp(world, { partSize: 300 });
    for (const key of renamesKeys(world)) world.store.objects.delete(key);
    const { missing } = await rebuildFromObjects(world);
    assert.match(missing.join("\n"), /no renames object tells of the events 1 to /);
    assert.equal((await world.backup({ partSize: 300 })).stored.objects, 1);
  }));

Deno.test("removed entries stay removed, and their objects serve again", () =>
  inWorld(async (world) => {
    for (const name of ["a/x", "a/y", "b"]) world.write(name, `of ${name}`);
    await backUp(world);
    Deno.removeSync(`${world.source}/a`, { recursive: true });
    await backUp(world);
    await assertComesBack(world);
    world.write("a/x", "of a/x");
    const { stored } = await world.backup();
    assert.deepEqual([stored.bytes, stored.equal], [0, 1]);
  }));

Deno.test("a second loss finds what the first rebuild has found", () =>
  inWorld(async (world) => {
    for (const name of ["a/x", "b/x"]) world.write(name, `of ${name}`);
    await backUp(world, { renames: "alias" });
    Deno.renameSync(`${world.source}/a`, `${world.source}/c`);
    await backUp(world, { renames: "alias" });
    world.write("a/x", "another");
    await backUp(world, { renames: "alias" });
    await assertComesBack(world);
    Deno.chmodSync(`${world.source}/b/x`, 0o600);
    await backUp(world, { renames: "alias" });
    await assertComesBack(world);
  }));

Deno.test("objects of other programs and damaged renames objects are named and left alone", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    Deno.chmodSync(`${world.source}/a`, 0o600);
    await backUp(world);
    await world.store.put("theirs", new Uint8Array(3), {});
    const [, second] = renamesKeys(world);
    await world.store.put(second, new Uint8Array(3), { metadata: { sha256: "00" } });
    const { missing, notices } = await rebuildFromObjects(world);
    assert.deepEqual([...liveTree(world.log.index).keys()], ["a"]);
    assert.match(missing.join("\n"), /is damaged: what it says is not in the index/);
    assert.deepEqual(notices, ["1 object without metadata of holdfast: left alone"]);
    assert.match(missing.join("\n"), /no renames object tells of the events/);
  }));

Deno.test("where a renames object is missing, later ones do not carry what it may have moved", () =>
  inWorld(async (world) => {
    const at = (path: string) => `${world.source}/${path}`;
    world.write("a/old", "was in the first a");
    await backUp(world, { renames: "alias" });
    Deno.renameSync(at("a"), at("b"));
    await backUp(world, { renames: "alias" });
    world.write("a/new", "is in the second a");
    await backUp(world, { renames: "alias" });
    Deno.renameSync(at("a"), at("c"));
    await backUp(world, { renames: "alias" });
    const [, second] = renamesKeys(world);
    world.store.objects.delete(second);
    const { missing, unknown } = await rebuildFromObjects(world);
    const files = [...liveTree(world.log.index).keys()].filter((path) => !path.endsWith("/"));
    assert.deepEqual(files, ["c/new"]);
    assert.match(missing.join("\n"), /no renames object tells of the events/);
    assert.match(unknown.join("\n"), /left out: a folder above was renamed after events/);
    await world.backup({ scan: { acceptDeletions: true } });
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("named sources, and names and attributes that fit no header, come back", () =>
  inWorld(async (world) => {
    const scan = { name: "docs", acceptDeletions: true };
    const long = "long name ".repeat(20);
    world.write(`${long}/${long}/${long}/${long}/${long}/${long}/x`, "its key is too long");
    Deno.symlinkSync("target ".repeat(300), `${world.source}/link`);
    await world.backup({ scan });
    await shipNow(world);
    const before = liveTree(world.log.index);
    const { missing } = await rebuildFromObjects(world, { sources: [] });
    assert.deepEqual(liveTree(world.log.index), before);
    assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
    assert.equal((await world.backup({ scan })).stored.objects, 0);
    for (const key of [...world.store.objects.keys()]) {
      if (key.startsWith(".holdfast/sidecars/")) world.store.objects.delete(key);
    }
    const report = (await rebuildFromObjects(world, { sources: [] })).missing.join("\n");
    assert.match(report, /is left alone: its sidecar/);
    assert.ok([...liveTree(world.log.index).keys()].every((path) => !path.includes("link")));
  }));

Deno.test("what was stored after the last segment is adopted, each object by name", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    const position = world.log.head().position;
    world.write("b/new", "of b");
    Deno.chmodSync(`${world.source}/a`, 0o600);
    await backUp(world);
    const before = liveTree(world.log.index);
    await rebuildFromObjects(world, { position });
    assert.deepEqual(liveTree(world.log.index), before);
    assert.deepEqual(
      world.events("ObjectDiscovered").map(({ data }) => data.key),
      ["b/", "b/new"],
    );
    world.verify();
  }));

Deno.test("an answer that was lost is found to be ours, another's object is not", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await world.backup();
    world.store.after = (operation, key) => {
      if (operation === "put" && key.startsWith(".holdfast/renames/")) throw new Error("cut off");
    };
    await assert.rejects(shipNow(world), /cut off/);
    world.store.after = () => {};
    assert.equal(await shipNow(world), 1);
    assert.equal(renamesKeys(world).length, 1);
    Deno.chmodSync(`${world.source}/a`, 0o600);
    await world.backup();
    const last = world.log.head().position;
    await world.store.put(renamesKey(world.log.genesis.log, last), new Uint8Array(9), {});
    await assert.rejects(shipNow(world), /the repository has another/);
  }));

Deno.test("a source that got another name comes back, from objects under both", () =>
  inWorld(async (world) => {
    const run = "dd".repeat(16);
    for (const name of ["a/x", "b"]) world.write(name, `of ${name}`);
    await backUp(world, { renames: "alias" });
    world.log.append(run, [{ type: "SourceRenamed", data: { from: "", to: "docs" } }]);
    world.write("a/y", "stored under the new name");
    const scan = { name: "docs", acceptDeletions: true };
    await world.backup({ scan, renames: "alias" });
    await shipNow(world);
    assert.ok(world.store.current("b") !== undefined && world.store.current("docs/a/y"));
    const before = liveTree(world.log.index);
    await rebuildFromObjects(world, { sources: [] });
    assert.deepEqual(liveTree(world.log.index), before);
    world.verify();
    assert.equal((await world.backup({ scan, renames: "alias" })).stored.bytes, 0);
  }));
