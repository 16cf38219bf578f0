import assert from "node:assert/strict";
import { firstUnsettled, leftArchived, unsettledRenames } from "../../src/app/unsettled_renames.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";

const DEEP = { storageClass: "DEEP_ARCHIVE" } as const;
const UPLOAD = { ...DEEP, archivedRenames: "upload" } as const;

/** What was asked of the store since, but for reads and what is Holdfast's own. */
function writes(world: World, since: number): string[] {
  return world.store.requests.slice(since)
    .filter(({ operation, key }) =>
      !["get", "head", "list"].includes(operation) && !key.startsWith(".holdfast/")
    ).map(({ operation, key }) => `${operation} ${key}`).sort();
}

/** As if all were warm: what is asked for here is where content is, not how it is warmed up. */
async function restored(world: World, name: string, position?: number) {
  const { objects } = world.store;
  const before = new Map(objects);
  for (const [key, all] of before) {
    objects.set(
      key,
      all.map(({ head, ...other }) => ({
        ...other,
        head: { ...head, storageClass: "STANDARD" },
      })),
    );
  }
  try {
    return await restoredWarm(world, name, position);
  } finally {
    for (const [key, all] of before) objects.set(key, all);
  }
}

async function restoredWarm(world: World, name: string, position?: number) {
  const to = `${world.folder}/${name}`;
  const wanted = position === undefined ? {} : { wanted: { kind: "position", position } as const };
  const report = await world.restore(to, wanted);
  assert.equal(report.exitCode, 0);
  return treeOf(to);
}

function left(world: World): string[] {
  return [...leftArchived(world.log.index)].map(({ from, to }) => `${from} -> ${to}`).sort();
}

Deno.test("an archived folder that is renamed is an alias: no request at all", () =>
  inWorld(async (world) => {
    shell(
      world.source,
      "mkdir -p a/deep; for i in 1 2 3; do echo $i > a/$i; echo $i$i > a/deep/$i; done",
    );
    await world.backup(DEEP);
    shell(world.source, "mv a b; mv b/deep/3 b/deep/three");
    const since = world.store.requests.length;
    await world.backup(DEEP);
    assert.deepEqual(writes(world, since), []);
    assert.deepEqual(left(world), [
      "a/1 -> b/1",
      "a/2 -> b/2",
      "a/3 -> b/3",
      "a/deep/1 -> b/deep/1",
      "a/deep/2 -> b/deep/2",
      "a/deep/3 -> b/deep/three",
    ]);
    const { index } = world.log;
    assert.deepEqual({ ...index.renameCounts() }, { open: 0, aliased: 2 });
    const folder = { place: "b", isFolder: true, from: "a/", aliased: true };
    assert.deepEqual(firstUnsettled(index, 1), [folder]);
    assert.deepEqual([...unsettledRenames(index)], [
      folder,
      { place: "b/deep/three", isFolder: false, from: "a/deep/3", aliased: true },
    ]);
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
    world.verify();
  }, { versions: false }));

for (const versions of [false, true]) {
  const bucket = versions ? "with versions" : "without versions";

  Deno.test(`archived_renames = "upload" sends a moved file again and deletes the old object, ${bucket}`, () =>
    inWorld(async (world) => {
      shell(world.source, "echo content > a; echo other > stays");
      await world.backup(UPLOAD);
      const first = treeOf(world.source);
      const snapshot = world.log.head().position;
      shell(world.source, "mv a b");
      const since = world.store.requests.length;
      const report = await world.backup(UPLOAD);
      assert.equal(report.exitCode, 0);
      assert.deepEqual(writes(world, since), ["delete a", "put b"]);
      assert.equal(world.store.current("b")!.head.storageClass, "DEEP_ARCHIVE");
      assert.equal(world.store.current("a"), undefined);
      assert.deepEqual(left(world), []);
      assert.deepEqual({ ...world.log.index.renameCounts() }, { open: 0, aliased: 0 });
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      assert.deepEqual(await restored(world, "then", snapshot), first, "the former name, too");
      assert.ok(world.log.index.snapshots().every(({ lost }) => lost === 0));
      const again = world.store.requests.length;
      await world.backup(UPLOAD);
      assert.deepEqual(writes(world, again), []);
    }, { versions }));

  Deno.test(`a moved folder: archived files are sent again, the others copied, ${bucket}`, () =>
    inWorld(async (world) => {
      const options = { ...UPLOAD, minArchiveSize: 100 };
      shell(
        world.source,
        "mkdir -p a/deep; head -c 5000 /dev/zero | tr '\\0' x > a/large; echo small > a/small; " +
          "head -c 6000 /dev/zero | tr '\\0' y > a/deep/other; echo new > n",
      );
      await world.backup(options);
      const first = treeOf(world.source);
      const snapshot = world.log.head().position;
      shell(world.source, "mv a b");
      const since = world.store.requests.length;
      assert.equal((await world.backup(options)).exitCode, 0);
      assert.deepEqual(writes(world, since), [
        "copy b/small",
        ...[
          "delete a/",
          "delete a/deep/",
          "delete a/deep/other",
          "delete a/large",
          "delete a/small",
        ],
        ...["put b/", "put b/deep/", "put b/deep/other", "put b/large"],
      ]);
      assert.deepEqual(left(world), []);
      assert.equal(world.store.current("b/large")!.head.storageClass, "DEEP_ARCHIVE");
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      assert.deepEqual(await restored(world, "then", snapshot), first);
    }, { versions }));

  Deno.test(`chains and new files under old names keep their content when sent again, ${bucket}`, () =>
    inWorld(async (world) => {
      shell(world.source, "for i in a b c d e; do echo content-$i > $i; done");
      await world.backup(UPLOAD);
      shell(world.source, "mv b c; mv a b; echo new > a; mv d t; mv e d; mv t e");
      assert.equal((await world.backup(UPLOAD)).exitCode, 0);
      world.verify();
      assert.deepEqual(await restored(world, "out"), treeOf(world.source));
      assert.equal(world.log.index.unstoredTotals().entries, 0);
      // Exchanged names stay aliases: one of them would have to step aside.
      assert.deepEqual(left(world), ["d -> e", "e -> d"]);
      const since = world.store.requests.length;
      await world.backup(UPLOAD);
      assert.deepEqual(writes(world, since), []);
      assert.deepEqual(await restored(world, "again"), treeOf(world.source));
    }, { versions }));
}

Deno.test("large files are sent again in parts", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir a; head -c 3M /dev/urandom > a/large");
    await world.backup({ ...UPLOAD, partSize: 1 << 20 });
    shell(world.source, "mv a b");
    const since = world.store.requests.length;
    await world.backup({ ...UPLOAD, partSize: 1 << 20 });
    const done = writes(world, since);
    assert.ok(done.includes("completeUpload b/large"), done.join("\n"));
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/large"]);
    world.verify();
    assert.deepEqual(Object.keys(await restored(world, "out")).sort(), ["b/", "b/large"]);
  }, { versions: false }));

Deno.test("another name of a file is not a rename: nothing is sent for it", () =>
  inWorld(async (world) => {
    shell(world.source, "echo content > a");
    await world.backup(UPLOAD);
    shell(world.source, "ln a b");
    const since = world.store.requests.length;
    assert.equal((await world.backup(UPLOAD)).exitCode, 0);
    assert.deepEqual(writes(world, since), []);
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
  }, { versions: false }));

Deno.test("a file that changed after it was moved is sent once, as it is", () =>
  inWorld(async (world) => {
    shell(world.source, "echo content > a");
    await world.backup(UPLOAD);
    shell(world.source, "mv a b; echo more >> b");
    const since = world.store.requests.length;
    assert.equal((await world.backup({ ...UPLOAD, delete: true })).exitCode, 0);
    assert.deepEqual(writes(world, since).filter((what) => what.startsWith("put")), ["put b"]);
    world.verify();
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
  }, { versions: false }));

Deno.test("a run that is cut off between upload and deletion is finished by the next one", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir a; for i in 1 2 3 4; do echo $i > a/$i; done");
    await world.backup(UPLOAD);
    shell(world.source, "mv a b");
    world.store.before = (operation, key) => {
      if (operation === "delete" || key === "b/3") throw new Error("cut off");
    };
    await assert.rejects(world.backup(UPLOAD), /cut off/);
    world.store.before = () => {};
    world.reopen();
    assert.equal((await world.backup(UPLOAD)).exitCode, 0);
    world.verify();
    assert.deepEqual(mirrorKeys(world.store), ["b/", "b/1", "b/2", "b/3", "b/4"]);
    assert.deepEqual(await restored(world, "out"), treeOf(world.source));
  }, { versions: false }));
