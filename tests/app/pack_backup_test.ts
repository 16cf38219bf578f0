import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { unreadable } from "./faulty_source.ts";
import { undo } from "./upkeep.ts";
import { membersOf, packKeys, packOptions, testKeys } from "./pack_world.ts";

/** Names and contents of all packs' members, oldest pack first. */
async function packed(world: World, keys?: Awaited<ReturnType<typeof testKeys>>) {
  const packs = world.events("PackStored").map(({ data }) => data.key);
  return (await Promise.all(packs.map((key) => membersOf(world, key, keys))));
}

const namesOf = (members: readonly { name: string }[]) => members.map(({ name }) => name);

for (const encrypted of [true, false]) {
  const how = encrypted ? "encrypted" : "not encrypted";
  Deno.test(`a backup into packs, ${how}: one object has all, and its index says so`, () =>
    inWorld(async (world) => {
      const keys = encrypted ? await testKeys() : undefined;
      world.write("a", "one");
      world.write("b/c", "two");
      shell(world.source, "ln -s a link; : > nothing");
      const packs = await packOptions(world, keys);
      const report = await world.backup({ packs });
      assert.equal(report.exitCode, 0);
      assert.notEqual(report.snapshot, undefined);
      const [members] = await packed(world, keys);
      assert.deepEqual(members.map(({ name, content }) => `${name} ${content}`).sort(), [
        "a one",
        "b/ ",
        "b/c two",
        "link ",
        "nothing ",
      ]);
      const [key] = packKeys(world);
      assert.equal(key.endsWith(encrypted ? ".tar.zst.age" : ".tar.zst"), true);
      const index = [...world.store.objects.keys()].filter((name) =>
        name.startsWith(".holdfast/index/")
      );
      assert.equal(index.length, 1);
      // A pack of one part is one PUT, its index another one.
      assert.equal(world.store.count("put"), 2);
      assert.equal(world.store.count("createUpload"), 0);
      world.verify();
    }));
}

Deno.test("an unchanged source adds no pack, and a change only what changed", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    for (const name of ["a", "b", "c"]) world.write(name, `content of ${name}`);
    await world.backup({ packs });
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 1);
    world.write("b", "another");
    await world.backup({ packs });
    const [, second] = await packed(world);
    assert.deepEqual(second, [{ name: "b", content: "another" }]);
    world.verify();
  }));

Deno.test("the same content is stored once, within a run and across runs", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("a", "the same");
    world.write("b", "the same");
    await world.backup({ packs });
    world.write("c", "the same");
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 1);
    const [members] = await packed(world);
    assert.deepEqual(members, [{ name: "a", content: "the same" }]);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    world.verify();
  }));

Deno.test("a rename, a moved folder and a change of metadata add no pack", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("folder/a", "one");
    world.write("folder/b", "two");
    world.write("c", "three");
    await world.backup({ packs });
    shell(world.source, "mv folder renamed; mv c d; chmod 600 renamed/a; touch -d 2001-01-01 d");
    const report = await world.backup({ packs });
    assert.equal(report.exitCode, 0);
    assert.equal(packKeys(world).length, 1);
    assert.equal(report.stored.bytes, 0);
    assert.equal(world.log.index.renameCounts().open, 0);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    world.verify();
  }));

Deno.test("hard links are one content, and links in the TAR", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("a", "linked");
    shell(world.source, "ln a b; mkdir f; ln a f/c");
    await world.backup({ packs });
    const [members] = await packed(world);
    assert.deepEqual(namesOf(members).sort(), ["a", "b", "f/", "f/c"]);
    assert.equal(members.filter(({ content }) => content === "linked").length, 1);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    world.verify();
  }));

Deno.test("a large file is chunks and a list; an edit of it adds the chunks that changed", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, undefined, { chunkThreshold: 2 ** 22 });
    shell(world.source, "head -c 40000000 /dev/urandom > large");
    await world.backup({ packs });
    const [first] = await packed(world);
    const list = first.find(({ name }) => name === "large.holdfast-chunks")!;
    const lines = list.content.trimEnd().split("\n");
    const chunks = lines.map((line) => line.split(" ")[2]);
    const content = chunks.map((hash) =>
      first.find(({ name }) => name === `.holdfast/chunks/${hash}`)!.content
    ).join("");
    assert.equal(content.length, 40_000_000);
    assert.equal(
      content,
      new TextDecoder("latin1").decode(Deno.readFileSync(`${world.source}/large`)),
    );
    shell(world.source, "printf changed | dd of=large bs=1 seek=20000000 conv=notrunc 2>/dev/null");
    const { stored } = await world.backup({ packs });
    assert.ok(stored.bytes < 8 * 2 ** 20, `${stored.bytes} bytes for one edit`);
    const [, second] = await packed(world);
    assert.ok(second.length <= 4, namesOf(second).join(", "));
    world.verify();
  }));

Deno.test("packs end at pack_size, and each is complete before the snapshot", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, undefined, { packSize: 3 * 2 ** 20 });
    shell(world.source, "for i in 1 2 3 4 5; do head -c 2500000 /dev/urandom > $i; done");
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 3);
    assert.equal(world.log.index.packs.open().length, 0);
    const [snapshot] = world.events("SnapshotCreated");
    for (const { position } of world.events("PackStored")) {
      assert.ok(position < snapshot.position);
    }
    world.verify();
  }));

Deno.test("a file that cannot be read is a gap, and packed once it can be", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("a", "one");
    world.write("b", "two");
    const openFile = (path: string) => {
      if (path === "b") throw unreadable(path);
    };
    const report = await world.backup({ packs, scan: { faults: { openFile } } });
    assert.equal(report.exitCode, 3);
    assert.equal((await world.backup({ packs })).exitCode, 0);
    const all = (await packed(world)).flatMap(namesOf);
    assert.deepEqual(all.sort(), ["a", "b"]);
    world.verify();
  }));

Deno.test("undo finds former contents by their hashes, empty ones too", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("empty", "");
    world.write("file", "before");
    await world.backup({ packs });
    world.write("empty", "filled");
    world.write("file", "after");
    await world.backup({ packs });
    const report = await undo(world);
    assert.equal(report.exitCode, 0);
    assert.equal(report.lost, 0);
    const to = `${world.folder}/out`;
    await world.restore(to, { wanted: { kind: "head" } });
    assert.deepEqual(treeOf(to), { empty: "", file: "before" });
    world.verify();
  }));
