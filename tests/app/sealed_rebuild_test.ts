/** The index of an encrypted mirror out of its objects alone, and states of before. */
import assert from "node:assert/strict";
import { sizeAsStored } from "../../src/core/mirror/sealed_size.ts";
import { shell } from "../sources/tree_tools.ts";
import { bytesOf, newPair } from "../crypto/age_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { treeOf } from "./app_world.ts";
import { liveTree, rebuildFromObjects, renamesKeys, shipNow } from "./rebuilt_world.ts";
import { inSealedWorld, metadataOf, type SealedWorld, spoil } from "./sealed_world.ts";
import { check, complaints, undo } from "./upkeep.ts";

const HEAD = { wanted: { kind: "head" as const } };

async function twoRuns(world: SealedWorld): Promise<void> {
  shell(world.source, "mkdir d; echo one > d/a; echo two > b; : > empty; ln -s b link");
  Deno.writeFileSync(`${world.source}/large`, bytesOf(300_000));
  await world.sealed({ partSize: 100_000 });
  await shipNow(world, world.encryption.coding);
  shell(world.source, "mv d e; echo three > c; chmod 600 b");
  await world.sealed({ partSize: 100_000 });
  await shipNow(world, world.encryption.coding);
}

for (const versions of [true, false]) {
  const how = versions ? "with" : "without";
  Deno.test(`all comes back from objects and renames objects, hashes too, ${how} versions`, () =>
    inSealedWorld(async (world) => {
      await twoRuns(world);
      const before = liveTree(world.log.index);
      const { coding } = world.encryption;
      const { missing } = await rebuildFromObjects(world, { coding });
      assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
      assert.deepEqual(liveTree(world.log.index), before);
      world.verify();
      assert.deepEqual(await world.back("out", HEAD), treeOf(world.source));
      const found = await check(world, { readData: 100 }, world.keys);
      assert.deepEqual([found.exitCode, found.unknown.objects, complaints(world)], [0, 0, []]);
      for (const { path, objects } of world.events("ObjectsStored").at(-1)!.data.folders) {
        for (const { name, size, header } of objects) {
          if (header === undefined) continue;
          const key = path === "" ? `${name}` : `${path}/${name}`;
          assert.equal(size, `${world.store.current(key)!.body.length}`);
        }
      }
      const { stored } = await world.sealed({ partSize: 100_000 });
      assert.deepEqual([stored.objects, stored.bytes], [0, 0], "nothing is sent again");
    }, { versions }));
}

Deno.test("without any renames object the content comes back by what its own seal proves", () =>
  inSealedWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `of ${name}`);
    Deno.writeFileSync(`${world.source}/large`, bytesOf(300_000));
    await world.sealed({ partSize: 100_000 });
    assert.deepEqual(renamesKeys(world), []);
    await rebuildFromObjects(world, { coding: world.encryption.coding });
    assert.deepEqual(await world.back("out", HEAD), treeOf(world.source));
    spoil(world, "b", () => world.store.current("large")!.body);
    const to = `${world.folder}/again`;
    const report = await world.restore(to, { ...HEAD, opener: world.keys.opener });
    assert.deepEqual([report.exitCode, report.failed], [5, 1], "another content, of another size");
    const { opener: wrong } = await newPair();
    await failsWith(world.restore(`${world.folder}/no`, { ...HEAD, opener: wrong }), "key");
  }));

Deno.test("what the last segments do not tell is adopted as it is stored", () =>
  inSealedWorld(async (world) => {
    world.write("a", "of a");
    await world.sealed();
    const { position } = world.log.head();
    world.write("a", "of a, changed");
    world.write("b", "of b");
    await world.sealed();
    await rebuildFromObjects(world, { position, coding: world.encryption.coding });
    assert.deepEqual(await world.back("out", HEAD), treeOf(world.source));
    const found = await check(world);
    assert.deepEqual([found.exitCode, complaints(world)], [0, []]);
  }));

Deno.test("a file that was too young, and read again before anything was recorded, keeps its hash", () =>
  inSealedWorld(async (world) => {
    world.write("a", "of a");
    const { time } = world.clock;
    world.clock.time = BigInt(Date.now() - 60_000) * 1_000_000n;
    await world.sealed();
    world.clock.time = time;
    assert.equal((await world.sealed()).stored.equal, 1);
    await shipNow(world, world.encryption.coding);
    const before = liveTree(world.log.index);
    await rebuildFromObjects(world, { coding: world.encryption.coding });
    assert.deepEqual(liveTree(world.log.index), before);
  }));

Deno.test("content under another key, and the sidecar with its path, are encrypted both", () =>
  inSealedWorld(async (world) => {
    const name = "a-name-that-is-longer-than-a-key-of-this-store-may-be";
    world.write(name, "of a long name");
    await world.sealed();
    const keys = [...world.store.objects.keys()];
    const [sidecar] = keys.filter((key) => key.startsWith(".holdfast/sidecars/"));
    assert.match(sidecar, /\.json\.zst\.age$/);
    const [content] = keys.filter((key) => key.startsWith(".holdfast/content/"));
    assert.equal(await world.opened(content), "of a long name");
    await rebuildFromObjects(world, { coding: world.encryption.coding });
    assert.deepEqual(await world.back("out", HEAD), { [name]: "of a long name" });
  }, { limits: { maxKeyBytes: 40 } }));

Deno.test("an object that is encrypted in a way of its own is left alone", () =>
  inSealedWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `of ${name}`);
    await world.sealed();
    const versions = world.store.objects.get("a")!;
    const { body, head } = versions.at(-1)!;
    const said = JSON.stringify({ ...metadataOf(world, "a"), encryption: "rot13" });
    const holdfast = new TextEncoder().encode(said)
      .toBase64({ alphabet: "base64url", omitPadding: true });
    versions.splice(-1, 1, { body, head: { ...head, metadata: { holdfast } } });
    const { missing } = await rebuildFromObjects(world, { coding: world.encryption.coding });
    assert.match(missing.join("\n"), /the object a is left alone: it is encrypted in a way/);
    assert.deepEqual(await world.back("out", HEAD), { b: "of b" });
  }));

Deno.test("an undo finds the encrypted content of before, by its size as stored", () =>
  inSealedWorld(async (world) => {
    world.write("a", "first");
    world.write("b", "stays");
    await world.sealed();
    const first = treeOf(world.source);
    world.write("a", "second, and longer");
    shell(world.source, "mv b c");
    await world.sealed();
    assert.deepEqual((await undo(world)).lost, 0);
    world.verify();
    assert.deepEqual(await world.back("out", HEAD), first);
  }));

Deno.test("a copy of a copy finds its way to an older state", () =>
  inSealedWorld(async (world) => {
    world.write("a", "the same all along");
    await world.sealed();
    const { position } = world.log.head();
    for (const [from, to] of [["a", "b"], ["b", "c"]]) {
      shell(world.source, `mv ${from} ${to}`);
      await world.sealed({ renames: "copy" });
    }
    const wanted = { kind: "position" as const, position };
    assert.deepEqual(await world.back("out", { wanted }), { a: "the same all along" });
    const { header } = metadataOf(world, "c")!;
    assert.equal(world.store.current("c")!.body.length, sizeAsStored(18, header!));
  }, { versions: false }));
