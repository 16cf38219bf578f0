import assert from "node:assert/strict";
import { inWorld, treeOf, type World } from "./app_world.ts";

/** `a` and `b`, then another content of `a`: the positions of both snapshots. */
async function backUpTwice(world: World): Promise<number[]> {
  world.write("a", "one");
  world.write("b", "kept");
  await world.backup();
  world.write("a", "two, and longer");
  await world.backup();
  return world.log.index.snapshots().map(({ position }) => position);
}

Deno.test("without versions the older snapshot is partial, and its restore lists what is gone", () =>
  inWorld(async (world) => {
    const [first, second] = await backUpTwice(world);
    const lost = world.log.index.snapshots().map((row) => [row.position, row.lost]);
    assert.deepEqual(lost, [[first, 1], [second, 0]]);
    const to = `${world.folder}/first`;
    const wanted = { kind: "snapshot", snapshot: first } as const;
    const report = await world.restore(to, { wanted });
    assert.deepEqual([report.exitCode, report.failed], [3, 1]);
    const failed = world.events("EntriesRestored").flatMap(({ data }) => data.failed);
    assert.deepEqual(failed.map(({ path }) => path), ["a"]);
    assert.match(failed[0].reason, /gone/);
    assert.deepEqual(treeOf(to), { b: "kept" });
    world.verify();
  }, { versions: false }));

Deno.test("with versions the older snapshot is complete, and the right version comes back", () =>
  inWorld(async (world) => {
    const [first, second] = await backUpTwice(world);
    assert.deepEqual(world.log.index.snapshots().map(({ lost }) => lost), [0, 0]);
    for (const [snapshot, text] of [[first, "one"], [second, "two, and longer"]] as const) {
      const to = `${world.folder}/${snapshot}`;
      const report = await world.restore(to, { wanted: { kind: "snapshot", snapshot } });
      assert.equal(report.exitCode, 0);
      assert.deepEqual(treeOf(to), { a: text, b: "kept" });
    }
  }));
