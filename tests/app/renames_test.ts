import assert from "node:assert/strict";
import { hex } from "../../src/core/hash.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";

/** Body bytes that were sent since a request count. */
function puts(world: World, since: number): string[] {
  return world.store.requests.slice(since).filter(({ operation }) => operation === "put")
    .map(({ key }) => key);
}

async function restored(world: World, name: string, wanted?: Parameters<World["restore"]>[1]) {
  const to = `${world.folder}/${name}`;
  const report = await world.restore(to, wanted);
  assert.equal(report.exitCode, 0);
  return treeOf(to);
}

for (const versions of [false, true]) {
  const way = versions ? "alias" : "copy";
  Deno.test(`a renamed folder is one event, its content settled by ${way}, no body sent`, () =>
    inWorld(async (world) => {
      shell(
        world.source,
        "mkdir a; for i in 1 2 3; do echo $i > a/$i; done; mkdir a/deep; echo x > a/deep/x",
      );
      await world.backup();
      const before = { position: world.log.head().position, requests: world.store.requests.length };
      shell(world.source, "mv a b");
      const report = await world.backup();
      assert.equal(report.exitCode, 0);
      assert.deepEqual(world.observations(before.position), ["changed ", "moved b"]);
      const sent = puts(world, before.requests);
      assert.deepEqual(sent, versions ? [] : ["b/", "b/deep/"]);
      if (versions) assert.ok(mirrorKeys(world.store).includes("a/1"));
      else {assert.deepEqual(mirrorKeys(world.store), [
          "b/",
          "b/1",
          "b/2",
          "b/3",
          "b/deep/",
          "b/deep/x",
        ]);}
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    }, { versions }));

  Deno.test(`chains and circles of renamed files keep their content (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, "for i in a b c d e; do echo content-$i > $i; done");
      await world.backup();
      const first = treeOf(world.source);
      const snapshot = world.log.head().position;
      // a -> b -> c (onto c, which is gone), d <-> e
      shell(world.source, "mv b c; mv a b; mv d t; mv e d; mv t e");
      const since = world.store.requests.length;
      const report = await world.backup();
      assert.equal(report.exitCode, 0);
      world.verify();
      assert.deepEqual(puts(world, since).filter((key) => !key.includes("sidecars")), []);
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      if (versions) {
        const wanted = { kind: "position" as const, position: snapshot };
        assert.deepEqual(await restored(world, "then", { wanted }), first);
      } else {
        for (const key of ["b", "c", "d", "e"]) {
          const text = Deno.readTextFileSync(`${world.source}/${key}`);
          assert.equal(new TextDecoder().decode(world.store.current(key)!.body), text);
        }
        assert.deepEqual(mirrorKeys(world.store), ["b", "c", "d", "e"]);
      }
    }, { versions }));

  Deno.test(`a new file under an old name does not touch what was renamed (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, "echo one > log");
      await world.backup();
      shell(world.source, "mv log log.1; echo two > log");
      assert.equal((await world.backup()).exitCode, 0);
      shell(world.source, "mv log.1 log.2; mv log log.1; echo three > log");
      assert.equal((await world.backup()).exitCode, 0);
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      const { log } = world;
      assert.equal(log.index.unstoredTotals().entries, 0);
    }, { versions }));

  Deno.test(`a file with another file id is known by its content (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, "mkdir in; echo something > in/old");
      await world.backup();
      shell(world.source, "cat in/old > new; rm -r in");
      const before = world.log.head().position;
      const since = world.store.requests.length;
      const report = await world.backup();
      assert.equal(report.exitCode, 0);
      assert.deepEqual(puts(world, since), []);
      const moved = world.events("EntriesObserved", before).flatMap(({ data }) => data.folders)
        .flatMap(({ entries }) => entries).filter(({ change }) => change === "moved");
      assert.deepEqual(moved.map(({ evidence, from }) => [evidence, from]), [[
        "content",
        "in/old",
      ]]);
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    }, { versions }));

  Deno.test(`a file with several names is sent once (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, "echo shared > b; mkdir c; ln b c/a; ln b a; echo other > d");
      const report = await world.backup();
      assert.equal(report.exitCode, 0);
      assert.deepEqual(puts(world, 0).sort(), ["a", "c/", "d"]);
      world.verify();
      assert.equal(world.log.index.unstoredTotals().entries, 0);
      if (!versions) assert.deepEqual(mirrorKeys(world.store), ["a", "b", "c/", "c/a", "d"]);
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      shell(world.source, "rm a; echo more >> b");
      assert.equal((await world.backup()).exitCode, 0);
      world.verify();
      assert.deepEqual(await restored(world, "again"), treeOf(world.source));
    }, { versions }));

  Deno.test(`a new hard link sends nothing (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, "echo shared > one");
      await world.backup();
      const since = world.store.requests.length;
      shell(world.source, "ln one two");
      assert.equal((await world.backup()).exitCode, 0);
      assert.deepEqual(puts(world, since), []);
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      if (!versions) assert.deepEqual(mirrorKeys(world.store), ["one", "two"]);
    }, { versions }));
}

Deno.test("deletions stay in the store until they are asked for", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir d; echo 1 > d/one; echo 2 > two");
    await world.backup();
    shell(world.source, "rm -r d");
    await world.backup();
    assert.deepEqual(mirrorKeys(world.store), ["d/", "d/one", "two"]);
    const report = await world.backup({ delete: true });
    assert.equal(report.stored.deleted, 2);
    assert.deepEqual(mirrorKeys(world.store), ["two"]);
    world.verify();
    assert.equal((await world.backup({ delete: true })).stored.deleted, 0);
    const [first, ...rest] = world.log.index.snapshots();
    assert.equal(first.lost, 1);
    assert.ok(rest.every(({ lost }) => lost === 0));
  }, { versions: false }));

Deno.test("overwritten content is lost to the snapshots that had it, and to no other", () =>
  inWorld(async (world) => {
    world.write("f", "one");
    await world.backup();
    await world.backup();
    world.write("f", "longer");
    await world.backup();
    assert.deepEqual(world.log.index.snapshots().map(({ lost }) => lost), [1, 1, 0]);
    assert.equal(
      hex(world.log.index.tables.findEntry(1, new TextEncoder().encode("f"))!.content.sha256!),
      hex(sha256("longer")),
    );
    world.verify();
  }, { versions: false }));

Deno.test("a folder moved away and a new one under its name: nothing is lost", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir -p a b; echo 1 > b/c");
    await world.backup();
    const before = { tree: treeOf(world.source), snapshot: world.log.index.snapshots()[0] };
    shell(world.source, "mv b a/a; mkdir b; echo 22 > b/c");
    await world.backup();
    assert.deepEqual(world.log.index.snapshots().map(({ lost }) => lost), [0, 0]);
    const wanted = { kind: "snapshot", snapshot: before.snapshot.position } as const;
    assert.deepEqual(await restored(world, "out", { wanted }), before.tree);
  }, { versions: false }));

Deno.test("a moved file whose object is not the one that was stored is stored again", () =>
  inWorld(async (world) => {
    shell(world.source, "echo one > a; echo two > b");
    await world.backup();
    const [other] = world.store.objects.get("b")!;
    world.store.objects.set("a", [other]);
    shell(world.source, "mv a c");
    assert.equal((await world.backup()).exitCode, 0);
    const [{ data }] = world.events("ObjectMissing");
    assert.deepEqual([data.path, data.key], ["c", "a"]);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    world.verify();
  }, { versions: false }));

Deno.test("a name that differs in its case only is a rename like any other", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir Docs; echo 1 > Docs/Readme; echo 2 > Notes");
    await world.backup();
    const before = world.log.head().position;
    shell(world.source, "mv Docs docs; mv docs/Readme docs/README; mv Notes notes");
    const since = world.store.requests.length;
    assert.equal((await world.backup()).exitCode, 0);
    assert.deepEqual(puts(world, since), ["docs/"]);
    const moved = world.observations(before).filter((line) => line.startsWith("moved"));
    assert.deepEqual(moved, ["moved docs", "moved docs/README", "moved notes"]);
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    world.verify();
  }, { versions: false }));

Deno.test("a file id that was given to another file makes no rename", () =>
  inWorld(async (world) => {
    shell(world.source, "echo 1 > one; echo keep > keep");
    await world.backup();
    const before = world.log.head().position;
    // Its times say that it is another file, whatever number the file system has given to it.
    shell(world.source, "rm one; sleep 0.02; echo 22 > two; touch -d 2001-01-01 two");
    assert.equal((await world.backup()).exitCode, 0);
    const changes = world.observations(before).map((line) => line.split(" ")[0]);
    assert.ok(!changes.includes("moved"), changes.join());
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    world.verify();
  }, { versions: false }));
