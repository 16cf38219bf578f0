import assert from "node:assert/strict";
import { makeNastyTree, makeOddNames } from "../e2e/tree.ts";
import { assertSameTree, canCompare } from "../e2e/compare.ts";
import { shell } from "../sources/tree_tools.ts";
import { content } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { decrypt, fetchPacks, listed } from "./decrypt_world.ts";
import { type PackedSpec, packFiles } from "./packed_world.ts";
import { packOptions, type TestKeys, testKeys } from "./pack_world.ts";

/** Backs the world's source up, as the source `home` if it has no other name, into packs of 4 MiB. */
async function backUp(world: World, keys?: TestKeys, name = "home"): Promise<void> {
  const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 22, packSize: 2 ** 22 });
  const sources = [world.scan({ name, acceptDeletions: true })];
  assert.equal((await world.backup({ packs, sources })).exitCode, 0);
}

for (const indexes of [true, false]) {
  for (const encrypted of [true, false]) {
    const how = `${encrypted ? "" : "not "}encrypted, with${indexes ? "" : "out"} their indexes`;
    Deno.test(`packs that are ${how}, become the tree again, metadata and all`, () =>
      inWorld(async (world) => {
        if (!canCompare(`decrypt, ${how}`)) return;
        const keys = encrypted ? await testKeys() : undefined;
        // What is not a member is what holds a source itself.
        const tree = `${world.source}/tree`;
        Deno.mkdirSync(tree);
        makeNastyTree("decrypt", tree);
        makeOddNames(world.source);
        shell(tree, "head -c 9000000 /dev/urandom > large");
        // What only an index tells: content that is in no pack a second time.
        if (indexes) shell(tree, "cp -p large copied; cp -p readonly copied-too");
        await backUp(world, keys, "");
        const to = `${world.folder}/to`;
        const from = fetchPacks(world, { indexes });
        const report = await decrypt(world, from, to, { opener: keys?.opener });
        assert.deepEqual([report.exitCode, report.failures], [0, []]);
        shell(world.source, `touch -r . ${to}; chmod --reference=. ${to}`);
        assertSameTree(world.source, to);
      }));
  }
}

Deno.test("without indexes, a content that is stored once comes back under its first path", () =>
  inWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, "the same");
    await backUp(world);
    const without = await decrypt(
      world,
      fetchPacks(world, { indexes: false }),
      `${world.folder}/x`,
    );
    assert.equal(without.exitCode, 0);
    assert.deepEqual(treeOf(`${world.folder}/x/home`), { a: "the same" });
    const all = await decrypt(world, fetchPacks(world, { indexes: true }), `${world.folder}/y`);
    assert.equal(all.exitCode, 0);
    assert.deepEqual(treeOf(`${world.folder}/y/home`), { a: "the same", b: "the same" });
  }));

Deno.test("the names of a file stay together, though a pack ends behind it", () =>
  inWorld(async (world) => {
    shell(world.source, "echo linked > a; ln a b; ln a c; echo alone > d");
    await world.backup({ packs: await packOptions(world, undefined, { packSize: 1 }) });
    const from = fetchPacks(world, { indexes: false });
    const report = await decrypt(world, from, `${world.folder}/to`);
    assert.deepEqual([report.exitCode, report.failures], [0, []]);
    const inodes = ["a", "b", "c"].map((name) => Deno.statSync(`${world.folder}/to/${name}`).ino);
    assert.equal(new Set(inodes).size, 1);
  }));

Deno.test("with indexes the newest version is that of the last backup, whatever its time says", () =>
  inWorld(async (world) => {
    world.write("file", "newer by its time");
    await backUp(world);
    world.write("file", "stored last");
    shell(world.source, "touch -d '1999-01-01 UTC' file");
    await backUp(world);
    const report = await decrypt(world, fetchPacks(world, { indexes: true }), `${world.folder}/to`);
    assert.deepEqual([report.exitCode, report.packs, report.entries], [0, 2, 1]);
    assert.deepEqual(treeOf(`${world.folder}/to/home`), { file: "stored last" });
    assert.equal(Deno.statSync(`${world.folder}/to/home/file`).mtime!.getUTCFullYear(), 1999);
  }));

Deno.test("where one pack has no index, the newest version is that with the latest time", () =>
  inWorld(async (world) => {
    world.write("file", "newer by its time");
    await backUp(world);
    world.write("file", "stored last");
    shell(world.source, "touch -d '1999-01-01 UTC' file");
    await backUp(world);
    const from = fetchPacks(world, { indexes: true });
    const [folder] = [...Deno.readDirSync(`${from}/.holdfast/index`)];
    Deno.removeSync(`${from}/.holdfast/index/${folder.name}`, { recursive: true });
    const report = await decrypt(world, from, `${world.folder}/to`);
    assert.equal(report.exitCode, 0);
    assert.deepEqual(treeOf(`${world.folder}/to/home`), { file: "newer by its time" });
  }));

Deno.test("the newest metadata comes back although no pack has it, only an index", () =>
  inWorld(async (world) => {
    world.write("a", "the same");
    await backUp(world);
    world.write("b", "the same");
    shell(world.source, "chmod 604 b; touch -d '2001-02-03 04:05:06.000000007 UTC' b");
    world.write("c", "so that there is a second pack");
    await backUp(world);
    const report = await decrypt(world, fetchPacks(world, { indexes: true }), `${world.folder}/to`);
    assert.equal(report.exitCode, 0);
    const facts = "stat -c '%n %a %Y %s' b; date -u -r b +%N";
    assert.equal(shell(`${world.folder}/to/home`, facts), shell(world.source, facts));
  }));

Deno.test("repeated, it finds everything in its place, older versions in the packs or not", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir d; head -c 9000000 /dev/urandom > d/large; ln -s x link; mkfifo f");
    shell(world.source, "echo one > a; ln a b; : > empty");
    await backUp(world);
    world.write("a", "another");
    await backUp(world);
    const from = fetchPacks(world, { indexes: true });
    const to = `${world.folder}/to`;
    const first = await decrypt(world, from, to);
    assert.deepEqual([first.exitCode, first.present], [0, 0]);
    const inodes = shell(to, "find . -printf '%P %i %n\\n' | sort");
    const again = await decrypt(world, from, to);
    assert.deepEqual([again.exitCode, again.failures], [0, []]);
    assert.equal(again.entries, first.entries);
    // Of a folder that is there, the metadata is set again.
    assert.equal(again.present, first.entries - 1);
    assert.equal(shell(to, "find . -printf '%P %i %n\\n' | sort"), inodes);
  }));

Deno.test("what is there already is kept, unless it may be replaced", () =>
  inWorld(async (world) => {
    world.write("a", "from the pack");
    world.write("b/c", "from the pack, too");
    await backUp(world);
    const from = fetchPacks(world, { indexes: false });
    const to = `${world.folder}/to`;
    Deno.mkdirSync(`${to}/home/a`, { recursive: true });
    Deno.writeTextFileSync(`${to}/home/b`, "mine");
    const kept = await decrypt(world, from, to);
    assert.equal(kept.exitCode, 3);
    assert.deepEqual(kept.failures, [
      "home/b: something that is no folder is in its place",
      "home/a: a folder is in its place",
      "home/b/c: its folder could not be made",
    ]);
    assert.equal(Deno.readTextFileSync(`${to}/home/b`), "mine");
    Deno.removeSync(`${to}/home/a`);
    Deno.writeTextFileSync(`${to}/home/a`, "mine");
    assert.equal((await decrypt(world, from, to, { overwrite: "if-changed" })).exitCode, 3);
    assert.deepEqual(treeOf(`${to}/home`), { a: "from the pack", b: "mine" });
    assert.equal((await decrypt(world, from, to, { overwrite: "always" })).exitCode, 0);
    assert.deepEqual(treeOf(`${to}/home`), treeOf(world.source));
  }));

Deno.test("a path that was a folder and is a file comes back as what it was last", () =>
  inWorld(async (world) => {
    world.write("was-folder/a", "gone");
    world.write("was-file", "gone, too");
    await backUp(world);
    shell(world.source, "rm -r was-folder was-file; mkdir was-file; touch -d 2040-01-01 was-file");
    world.write("was-folder", "file");
    world.write("was-file/b", "in a folder");
    shell(world.source, "touch -d 2040-01-01 was-folder was-file was-file/b");
    await backUp(world);
    for (const indexes of [true, false]) {
      const from = fetchPacks(world, { indexes });
      const to = `${world.folder}/to-${indexes}`;
      const report = await decrypt(world, from, to);
      assert.deepEqual([report.exitCode, report.failures], [0, []]);
      assert.deepEqual(treeOf(`${to}/home`), treeOf(world.source));
      Deno.removeSync(from, { recursive: true });
    }
  }));

Deno.test("names of one file stay names of one file, though the first of them is another by now", () =>
  inWorld(async (world) => {
    world.write("a", "linked");
    shell(world.source, "ln a b; ln a c");
    await backUp(world);
    shell(world.source, "rm a; echo new > a");
    await backUp(world);
    const report = await decrypt(world, fetchPacks(world, { indexes: true }), `${world.folder}/to`);
    assert.equal(report.exitCode, 0);
    const to = `${world.folder}/to/home`;
    assert.deepEqual(treeOf(to), { a: "new\n", b: "linked", c: "linked" });
    assert.equal(Deno.statSync(`${to}/b`).ino, Deno.statSync(`${to}/c`).ino);
    assert.equal(Deno.statSync(`${to}/a`).nlink, 1);
  }));

Deno.test("a link is made to a file that is there already only where that has the content", () =>
  inWorld(async (world) => {
    world.write("a", "linked");
    shell(world.source, "ln a b");
    await backUp(world);
    const from = fetchPacks(world, { indexes: false });
    const to = `${world.folder}/to`;
    await decrypt(world, from, to);
    shell(`${to}/home`, "rm b; printf 'forged' > x; touch -r a x; mv x a");
    const kept = await decrypt(world, from, to);
    assert.equal(kept.exitCode, 3);
    assert.deepEqual(treeOf(`${to}/home`), { a: "forged", b: "linked" });
    await decrypt(world, from, to, { overwrite: "if-changed" });
    assert.deepEqual(treeOf(`${to}/home`), { a: "linked", b: "linked" });
  }));

const MIB = 2 ** 20;

Deno.test("a chunk is found wherever its content is, be it as a small file", () =>
  inWorld(async (world) => {
    const tail = content(1000, 1);
    const large = new Uint8Array(2 * MIB + 1000);
    large.set(content(2 * MIB, 2));
    large.set(tail, 2 * MIB);
    const files: PackedSpec[] = [
      { path: "small", content: tail },
      { path: "large", content: large, chunks: [MIB, MIB, 1000] },
    ];
    await packFiles(world, files.map((file) => [file]));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, fetchPacks(world, { indexes: false }), to);
    assert.deepEqual([report.exitCode, report.failures], [0, []]);
    assert.deepEqual(Deno.readFileSync(`${to}/large`), large);
  }));

Deno.test("a chunk that is in none of the packs is named, and costs its file alone", () =>
  inWorld(async (world) => {
    shell(world.source, "head -c 9000000 /dev/urandom > large; echo small > small");
    await backUp(world);
    shell(world.source, "printf x | dd of=large bs=1 seek=8999999 conv=notrunc 2>/dev/null");
    await backUp(world);
    const packs = world.events("PackStored").map(({ data }) => data.key);
    const from = fetchPacks(world, { indexes: false });
    Deno.removeSync(`${from}/${packs[0]}`);
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to);
    assert.equal(report.exitCode, 3);
    assert.equal(report.failures.length, 1);
    assert.match(
      report.failures[0],
      /^home\/large: a chunk of it is in none of these packs: [0-9a-f]{64}$/,
    );
    assert.throws(() => Deno.statSync(`${to}/home/large`), Deno.errors.NotFound);
  }));

Deno.test("content that only an index knows, and no pack that is here, is named", () =>
  inWorld(async (world) => {
    world.write("a", "the same");
    await backUp(world);
    world.write("b", "the same");
    world.write("c", "another");
    await backUp(world);
    const from = fetchPacks(world, { indexes: true });
    const [{ data }] = world.events("PackStored");
    Deno.removeSync(`${from}/${data.key}`);
    const report = await decrypt(world, from, `${world.folder}/to`);
    assert.deepEqual([report.exitCode, report.entries], [3, 1]);
    assert.match(
      report.failures[0],
      /^home\/b: its content is in none of these packs: [0-9a-f]{64}$/,
    );
  }));

Deno.test("without an identity, or with a wrong one, nothing at all is written", () =>
  inWorld(async (world) => {
    world.write("a", "secret");
    await backUp(world, await testKeys());
    const from = fetchPacks(world, { indexes: true });
    const to = `${world.folder}/to`;
    const { opener } = await testKeys();
    await assert.rejects(decrypt(world, from, to), {
      ...{ kind: "key", hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE" },
    });
    await assert.rejects(decrypt(world, from, to, { opener }), {
      ...{ kind: "key", message: /^packs\/.*\.tar\.zst\.age is sealed for other keys/ },
    });
    assert.throws(() => Deno.statSync(to), Deno.errors.NotFound);
  }));

Deno.test("a signal ends it between two files, and nothing unfinished is left", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 200; i++) world.write(`d${i}/f`, `content ${i}`);
    await backUp(world);
    const from = fetchPacks(world, { indexes: true });
    const to = `${world.folder}/to`;
    const controller = new AbortController();
    const { clock } = world;
    const now = clock.now;
    // The clock is asked before each entry.
    let asked = 0;
    clock.now = () => {
      if (++asked === 300) controller.abort(new Error("stop"));
      return now();
    };
    await assert.rejects(decrypt(world, from, to, { signal: controller.signal }), /stop/);
    clock.now = now;
    const written = Object.keys(treeOf(`${to}/home`)).filter((path) => path.endsWith("/f"));
    assert.ok(written.length > 0 && written.length < 200, `${written.length} written`);
    assert.deepEqual([...Deno.readDirSync(to)].map(({ name }) => name), ["home"]);
    assert.deepEqual(
      [...Deno.readDirSync(world.stateFile.slice(0, -"/job.db".length))]
        .filter(({ name }) => name.startsWith(".work-")),
      [],
    );
    const report = await decrypt(world, from, to);
    assert.deepEqual([report.exitCode, report.present], [0, written.length]);
    assert.deepEqual(treeOf(`${to}/home`), treeOf(world.source));
  }));

Deno.test("thousands of folders, files, links and symlinks come back, times and all", () =>
  inWorld(async (world) => {
    if (!canCompare("decrypt of thousands")) return;
    Deno.mkdirSync(`${world.source}/t`);
    for (let i = 0; i < 1100; i++) {
      const folder = `${world.source}/t/${i}`;
      Deno.mkdirSync(`${folder}/in`, { recursive: true });
      Deno.writeTextFileSync(`${folder}/in/file`, `content ${i}`);
      Deno.linkSync(`${folder}/in/file`, `${folder}/link`);
      Deno.symlinkSync("in", `${folder}/to`);
      Deno.utimeSync(`${folder}/in`, 1000 + i, 1000 + i);
      Deno.utimeSync(folder, i, i);
    }
    await backUp(world);
    const report = await decrypt(world, fetchPacks(world, { indexes: true }), `${world.folder}/to`);
    assert.deepEqual([report.exitCode, report.failures], [0, []]);
    assert.equal(report.entries, 5 * 1100 + 1);
    assertSameTree(`${world.source}/t`, `${world.folder}/to/home/t`);
  }));

Deno.test("a dry run lists every member of every pack, chunks left out", () =>
  inWorld(async (world) => {
    world.write("a", "one");
    shell(world.source, "head -c 9000000 /dev/urandom > large");
    await backUp(world);
    world.write("a", "two");
    await backUp(world);
    const { exitCode, paths, packs } = await listed(world, fetchPacks(world, { indexes: false }));
    assert.equal(exitCode, 0);
    assert.deepEqual(paths.filter((path) => path.endsWith("/a")).length, 2);
    assert.deepEqual(
      new Set(paths.map((path) => path.split(" ")[1])),
      new Set([
        ...["home/a", "home/large"],
      ]),
    );
    assert.ok(packs >= 3, `${packs} packs`);
  }));
