import assert from "node:assert/strict";

import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { check, complaints, forget, pruneStore, undo } from "./upkeep.ts";

/** Backs up, and returns what the new snapshot has to give back. */
async function backUp(world: World, script: string) {
  shell(world.source, script);
  assert.equal((await world.backup({ scan: { acceptDeletions: true } })).exitCode, 0);
  const { position } = world.log.index.snapshots().at(-1)!;
  return { position, tree: treeOf(world.source) };
}

async function restored(world: World, snapshot: number) {
  const to = `${world.folder}/of-${snapshot}`;
  const { exitCode } = await world.restore(to, { wanted: { kind: "snapshot", snapshot } });
  return { exitCode, tree: treeOf(to) };
}

function lost(world: World): number[] {
  return world.log.index.snapshots().map((row) => row.lost);
}

Deno.test("a snapshot from before renames comes back whole, from where the content is now", () =>
  inWorld(async (world) => {
    const first = await backUp(
      world,
      "mkdir d; for i in 1 2; do echo $i > d/$i; done; ln -s 1 d/link; echo a > a; echo b > b",
    );
    const second = await backUp(world, "mv d e; mv a t; mv b a; mv t b");
    const third = await backUp(world, "mv e/1 one; mv e f");
    await backUp(world, "mv one d; mv f/2 two");
    assert.deepEqual(mirrorKeys(world.store), ["a", "b", "d", "f/", "f/link", "two"]);
    assert.deepEqual(lost(world), [0, 0, 0, 0]);
    for (const { position, tree } of [first, second, third]) {
      assert.deepEqual(await restored(world, position), { exitCode: 0, tree });
    }
    assert.deepEqual([(await check(world, { snapshots: true })).exitCode, complaints(world)], [
      0,
      [],
    ]);
    world.verify();
  }, { versions: false }));

Deno.test("renamed content that is overwritten is lost to every snapshot that had it, under any name", () =>
  inWorld(async (world) => {
    const { position } = await backUp(world, "echo one > a; echo kept > k");
    await backUp(world, "mv a b");
    await backUp(world, "mv b c");
    await backUp(world, "echo longer > c");
    await backUp(world, "echo longest of all > c");
    assert.deepEqual(lost(world), [1, 1, 1, 1, 0]);
    const { exitCode, tree } = await restored(world, position);
    assert.deepEqual([exitCode, tree], [3, { k: "kept\n" }]);
    assert.equal((await check(world, { snapshots: true })).exitCode, 5);
    world.verify();
  }, { versions: false }));

Deno.test("renamed content that is deleted is lost to every snapshot that had it", () =>
  inWorld(async (world) => {
    await backUp(world, "echo one > a; echo kept > k");
    await backUp(world, "mv a b");
    await backUp(world, "rm b");
    assert.deepEqual(lost(world), [0, 0, 0]);
    const report = await world.backup({ delete: true });
    assert.equal(report.stored.deleted, 1);
    assert.deepEqual(lost(world), [1, 1, 0, 0]);
    world.verify();
  }, { versions: false }));

Deno.test("a new file on the old name is nothing that a snapshot had", () =>
  inWorld(async (world) => {
    const first = await backUp(world, "echo one > a");
    await backUp(world, "mv a b");
    await backUp(world, "echo another > a");
    const fourth = await backUp(world, "echo and again > a");
    assert.deepEqual(lost(world), [0, 0, 1, 0]);
    for (const { position, tree } of [first, fourth]) {
      assert.deepEqual(await restored(world, position), { exitCode: 0, tree });
    }
    world.verify();
  }, { versions: false }));

Deno.test("prune keeps the copy that only a snapshot from before the rename needs", () =>
  inWorld(async (world) => {
    const { position, tree } = await backUp(world, "echo one > a; echo kept > k");
    const { position: second } = await backUp(world, "mv a b");
    const { position: third } = await backUp(world, "mv b c");
    await backUp(world, "rm c");
    forget(world, second, third);
    await pruneStore(world);
    assert.deepEqual(mirrorKeys(world.store), ["c", "k"]);
    assert.deepEqual(await restored(world, position), { exitCode: 0, tree });
    forget(world, position);
    await pruneStore(world);
    assert.deepEqual(mirrorKeys(world.store), ["k"]);
    world.verify();
  }, { versions: false }));

Deno.test("an undo takes content back from where renames have brought it", () =>
  inWorld(async (world) => {
    const { position, tree } = await backUp(world, "echo one > a; echo two > b");
    await backUp(world, "mv a t; mv b a; mv t b");
    const { exitCode, lost: gone } = await undo(world);
    assert.deepEqual([exitCode, gone], [0, 0]);
    assert.deepEqual(await restored(world, position), { exitCode: 0, tree });
    const now = `${world.folder}/now`;
    const at = { kind: "position", position: world.log.head().position } as const;
    assert.equal((await world.restore(now, { wanted: at })).exitCode, 0);
    assert.deepEqual(treeOf(now), tree);
    world.verify();
  }, { versions: false }));
