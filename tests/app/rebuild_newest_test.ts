import assert from "node:assert/strict";
import { openState } from "../../src/app/read_state.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { liveTree, rebuildFromObjects, shipNow } from "./rebuilt_world.ts";

async function backUp(world: World, more: Parameters<World["backup"]>[0] = {}): Promise<void> {
  await world.backup({ scan: { acceptDeletions: true }, ...more });
  await shipNow(world);
}

Deno.test("what was stored again with an equal body after the last segment is adopted", () =>
  inWorld(async (world) => {
    const at = (path: string) => `${world.source}/${path}`;
    world.write("file", "first");
    Deno.symlinkSync("file", at("link"));
    Deno.mkdirSync(at("folder"));
    await backUp(world, { delete: true });
    const position = world.log.head().position;
    world.write("file", "second");
    Deno.removeSync(at("folder"));
    await backUp(world, { delete: true });
    world.write("file", "first");
    Deno.removeSync(at("link"));
    Deno.symlinkSync("elsewhere", at("link"));
    Deno.mkdirSync(at("folder"), { mode: 0o750 });
    await backUp(world, { delete: true });
    const before = liveTree(world.log.index);
    await rebuildFromObjects(world, { position });
    assert.deepEqual(liveTree(world.log.index), before);
  }));

Deno.test("of an object that the store got before the last segment nothing is asked", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    world.store.requests.length = 0;
    const { position } = world.log.head();
    // The store of these tests has one time for all: 0.
    await rebuildFromObjects(world, { position, until: 1 });
    assert.ok(world.store.requests.every(({ operation }) => operation !== "head"));
  }));

Deno.test("by default the state is what a rebuild found where that is newer than any snapshot", () =>
  inWorld(async (world) => {
    const replayer = sqliteReplayer(world.folder, sha256);
    const label = () => {
      const state = openState(world.log, replayer, { kind: "default" }, () => {});
      state.close();
      return state.label;
    };
    world.write("a", "of a");
    await backUp(world);
    const { position } = world.log.head();
    const [snapshot] = world.log.index.snapshots();
    world.write("b", "of b");
    await backUp(world);
    await rebuildFromObjects(world, { position });
    const head = world.log.head().position;
    const said = `the newest snapshot, ${snapshot.position} of ${snapshot.at}`;
    assert.equal(
      label(),
      `the head, position ${head}: what the rebuild found is newer than ${said}`,
    );
    await world.restore(`${world.folder}/back`);
    assert.deepEqual(treeOf(`${world.folder}/back`), treeOf(world.source));
    world.write("c", "of c");
    await backUp(world);
    assert.match(label(), /^the newest snapshot, /);
    assert.equal(world.log.index.snapshots().length, 2);
  }));

Deno.test("by default the state is the head where the log begins behind the newest snapshot", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    const { index, genesis } = world.log;
    const { position } = world.log.head();
    const base = { position, hash: "", since: position - 1 };
    const log = { index, genesis, base, head: () => base, lines: () => [], events: () => [] };
    const replayer = sqliteReplayer(world.folder, sha256);
    const open = () => openState(log as never, replayer, { kind: "default" }, () => {});
    assert.match(open().label, /^the head, .*: the history before .* nor is the newest snapshot, /);
  }));
