import assert from "node:assert/strict";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { check, complaints, pruneStore, undo } from "./upkeep.ts";

/** A run's effects on the index, taken back. */
const accepted = { scan: { acceptDeletions: true } };

async function backupWith(world: World, command: string): Promise<Record<string, string>> {
  shell(world.source, command);
  const { exitCode } = await world.backup(accepted);
  assert.equal(exitCode, 0);
  return treeOf(world.source);
}

async function restored(world: World, expected = 0): Promise<Record<string, string>> {
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const report = await world.restore(to, { wanted: { kind: "head" } });
  assert.equal(report.exitCode, expected);
  return treeOf(to);
}

/** Undo gives the former state, keeps the log whole, and the next backup sees the difference. */
async function takesBack(world: World, before: Record<string, string>): Promise<void> {
  const requests = world.store.requests.length;
  const now = treeOf(world.source);
  const report = await undo(world);
  assert.deepEqual([report.exitCode, report.lost], [0, 0]);
  const done = world.store.requests.slice(requests).map(({ operation }) => operation);
  assert.deepEqual([...new Set(done)].filter((what) => what !== "get" && what !== "head"), []);
  assert.deepEqual(await restored(world), before);
  assert.equal((await check(world)).exitCode, 0);
  world.verify();
  await world.backup(accepted);
  assert.deepEqual(await restored(world), now);
  assert.equal((await check(world)).exitCode, 0);
  world.verify();
}

const FIRST = "mkdir -p a/b; echo one > a/one; echo two > a/b/two; ln -s one a/link; echo x > x";

for (const versions of [true, false]) {
  const store = versions ? "with versions" : "without versions";
  Deno.test(`accepted deletions and additions are undone in a store ${store}`, () =>
    inWorld(async (world) => {
      const before = await backupWith(world, FIRST);
      await backupWith(world, "rm -r a; echo new > new; mkdir d; echo e > d/e");
      await takesBack(world, before);
    }, { versions }));

  Deno.test(`moved files and folders are undone in a store ${store}`, () =>
    inWorld(async (world) => {
      const before = await backupWith(world, FIRST);
      await backupWith(world, "mv a c; mv x c/y; chmod 700 c");
      await takesBack(world, before);
    }, { versions }));

  Deno.test(`aliased files and folders are undone in a store ${store}`, () =>
    inWorld(async (world) => {
      const before = await backupWith(world, FIRST);
      shell(world.source, "mv a c; mv x c/y");
      await world.backup({ ...accepted, renames: "alias" });
      await takesBack(world, before);
    }, { versions }));

  Deno.test(`a chain of renamed folders, and a new one on an old name, in a store ${store}`, () =>
    inWorld(async (world) => {
      const before = await backupWith(world, "mkdir a b; echo 1 > a/f; echo 2 > b/f");
      await backupWith(world, "mv b c; mv a b; mkdir a; echo 3 > a/f");
      await takesBack(world, before);
    }, { versions }));
}

Deno.test("deletions in the store, too, are undone where it keeps versions", () =>
  inWorld(async (world) => {
    const before = await backupWith(world, FIRST);
    shell(world.source, "rm -r a");
    await world.backup({ ...accepted, delete: true });
    await takesBack(world, before);
  }));

Deno.test("changed content is undone where the store keeps versions", () =>
  inWorld(async (world) => {
    const before = await backupWith(world, FIRST);
    await backupWith(world, "echo other > a/one; echo TWO > a/b/two; ln -sf b a/link; chmod 600 x");
    await takesBack(world, before);
  }));

Deno.test("what was overwritten in a store without versions is listed as lost, and stays", () =>
  inWorld(async (world) => {
    await backupWith(world, FIRST);
    await backupWith(world, "echo other > a/one; rm x");
    const report = await undo(world);
    assert.deepEqual([report.exitCode, report.lost, report.reverted], [3, 1, 1]);
    assert.deepEqual(report.told.filter((text) => text.startsWith("lost")), ["lost a/one"]);
    assert.match(complaints(world)[0], /^a\/one: lost: its content is no longer in the store/);
    const tree = await restored(world);
    assert.deepEqual([tree["a/one"], tree.x], ["other\n", "x\n"]);
    const [{ data }] = world.events("Undone");
    assert.equal(data.lost, "1");
    world.verify();
  }, { versions: false }));

Deno.test("the run's snapshot is forgotten, and the run cannot be undone twice", () =>
  inWorld(async (world) => {
    await backupWith(world, FIRST);
    await backupWith(world, "rm x");
    const [first, second] = world.log.index.snapshots();
    const report = await undo(world, second.run.slice(0, 8));
    assert.deepEqual(report.snapshots, [second.position]);
    assert.equal(world.log.index.snapshots()[1].forgotten > 0, true);
    assert.equal(world.log.index.snapshots()[0].forgotten, 0);
    await failsWith(undo(world, second.run), "usage");
    await failsWith(undo(world, "ffffffff"), "usage");
    assert.equal(first.run === second.run, false);
  }));

Deno.test("a run is undone only after those that have touched the same entries since", () =>
  inWorld(async (world) => {
    const empty = await backupWith(world, "mkdir d; echo 1 > d/f");
    const first = await backupWith(world, "echo 22 > d/f; echo y > y");
    await backupWith(world, "echo 333 > d/f");
    const runs = world.log.index.runs(9).map(({ run }) => run);
    const head = world.log.index.tables.findEntry(2, new TextEncoder().encode("f"));
    const error = await failsWith(undo(world, runs[1]), "guard");
    assert.match(error.hint ?? "", new RegExp(`holdfast undo ${runs[0].slice(0, 8)}`));
    assert.deepEqual(world.log.index.tables.findEntry(2, new TextEncoder().encode("f")), head);
    await undo(world);
    assert.deepEqual(await restored(world), first);
    await undo(world);
    assert.deepEqual(await restored(world), empty);
    world.verify();
  }));

Deno.test("a run that later ones have not touched is undone alone", () =>
  inWorld(async (world) => {
    await backupWith(world, FIRST);
    await backupWith(world, "rm x");
    const after = await backupWith(world, "echo z > z");
    const [, second] = world.log.index.runs(9).map(({ run }) => run);
    await undo(world, second);
    assert.deepEqual(await restored(world), { ...after, x: "x\n" });
    world.verify();
  }));

Deno.test("what a later run has done to the folder or the name of an entry keeps a run", () =>
  inWorld(async (world) => {
    const cases = [
      ["mkdir -p p/d; echo 1 > p/d/f", "rm p/d/f", "rmdir p/d"],
      ["echo 1 > q", "rm q", "mkdir q; echo 2 > q/f"],
      ["mkdir r; echo 1 > r/f", "rm -r r", "echo 2 > r"],
      ["mkdir s; echo 1 > s/f", "mv s t", "mkdir s; echo 2 > s/g"],
      ["mkdir -p u/v; echo 1 > u/v/f", "mv u/v w", "rmdir u"],
    ];
    for (const [first, second, third] of cases) {
      await backupWith(world, first);
      const before = await backupWith(world, second);
      const [{ run }] = world.log.index.runs(1);
      await backupWith(world, third);
      await failsWith(undo(world, run), "guard");
      await undo(world);
      assert.deepEqual(await restored(world), before, third);
      await undo(world, run);
      world.verify();
      await backupWith(world, "true");
    }
  }));

Deno.test("the first backup of all is undone to nothing", () =>
  inWorld(async (world) => {
    const first = await backupWith(world, FIRST);
    await undo(world);
    assert.deepEqual(await restored(world), {});
    await world.backup(accepted);
    assert.deepEqual(await restored(world), first);
    world.verify();
  }));

Deno.test("an undo that is cut off goes on when it is repeated", async () => {
  for (let stop = 1, cut = true; cut; stop++) {
    await inWorld(async (world) => {
      const before = await backupWith(world, "mkdir a; echo 1 > a/f; echo 2 > g; echo 3 > h");
      await backupWith(world, "mv a c; mkdir a; echo 22 > g; rm h; echo 4 > new");
      const { append } = world.log;
      let seen = 0;
      cut = false;
      world.log = {
        ...world.log,
        append: (...args) => {
          const position = append(...args);
          if (++seen !== stop + 1) return position;
          cut = true;
          world.log.append = () => {
            throw failure("unreachable", "Killed", "");
          };
          throw failure("unreachable", "Killed", "");
        },
      };
      const isDone = await undo(world).then(() => true, () => false);
      world.reopen();
      if (!isDone && world.events("Undone").length === 0) await undo(world);
      assert.deepEqual(await restored(world), before, `stopped at ${stop}`);
      assert.equal(world.events("Undone").length, 1);
      world.verify();
    });
  }
});

Deno.test("after an undo, prune keeps what is there again and deletes what is not", () =>
  inWorld(async (world) => {
    const before = await backupWith(world, FIRST);
    await backupWith(world, "echo other > a/one; rm x; echo n > new");
    await undo(world);
    assert.deepEqual((await pruneStore(world)).deleted, 2);
    assert.deepEqual(await restored(world), before);
    world.verify();
  }));
