import assert from "node:assert/strict";
import type { PrunePlan } from "../../src/core/plan/prune_plan.ts";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { forget, pruneStore, versionsOf } from "./upkeep.ts";

/** Objects and versions that nothing kept needs, and nothing else. */
async function backupWith(world: World, command: string): Promise<number> {
  shell(world.source, command);
  const { snapshot } = await world.backup({ scan: { acceptDeletions: true } });
  return snapshot!;
}

Deno.test("with every snapshot kept there is nothing to prune", () =>
  inWorld(async (world) => {
    await backupWith(world, "echo 1 > a; echo x > gone");
    await backupWith(world, "echo 2 > a; rm gone");
    const report = await pruneStore(world);
    assert.deepEqual([report.exitCode, report.plan.objects, report.deleted], [0, 0, 0]);
    assert.deepEqual(versionsOf(world, "a"), ["1\n", "2\n"]);
    world.verify();
  }));

Deno.test("without a snapshot prune refuses", () =>
  inWorld(async (world) => {
    await failsWith(pruneStore(world), "usage");
    const snapshot = await backupWith(world, "echo 1 > a");
    forget(world, snapshot);
    await failsWith(pruneStore(world), "usage");
    assert.equal(world.store.count("delete"), 0);
  }));

Deno.test("versions of forgotten snapshots go, those of kept ones stay and can be restored", () =>
  inWorld(async (world) => {
    const first = await backupWith(world, "echo 1 > a; echo same > same");
    const second = await backupWith(world, "echo 2 > a; echo short > short");
    await backupWith(world, "echo 3 > a; rm short");
    forget(world, second);
    const plans: PrunePlan[] = [];
    const report = await pruneStore(world, {
      accept: (plan) => {
        plans.push(plan);
        return Promise.resolve(true);
      },
    });
    assert.deepEqual(plans[0].steps.map(({ key, bytes }) => [key, bytes]), [["a", 2], [
      "short",
      6,
    ]]);
    assert.deepEqual([plans[0].bytes, plans[0].requests, report.deleted], [8, 1, 2]);
    assert.deepEqual(versionsOf(world, "a"), ["1\n", "3\n"]);
    assert.deepEqual(versionsOf(world, "short"), []);
    const to = `${world.folder}/restored`;
    await world.restore(to, { wanted: { kind: "snapshot", snapshot: first } });
    assert.deepEqual(treeOf(to), { a: "1\n", same: "same\n" });
    assert.equal((await pruneStore(world)).plan.objects, 0);
    world.verify();
  }));

Deno.test("nothing is deleted where the plan is not accepted", () =>
  inWorld(async (world) => {
    forget(world, await backupWith(world, "echo 1 > a"));
    await backupWith(world, "echo 2 > a");
    const report = await pruneStore(world, { accept: () => Promise.resolve(false) });
    assert.deepEqual([report.accepted, report.plan.objects, report.deleted], [false, 1, 0]);
    assert.equal(world.store.count("delete"), 0);
    assert.deepEqual(world.events("DeletionPlanned"), []);
  }));

Deno.test("a newest version that goes leaves no older one as the current object", () =>
  inWorld(async (world) => {
    await backupWith(world, "echo 1 > a; echo b > b");
    const second = await backupWith(world, "echo 2 > a");
    await backupWith(world, "rm a");
    forget(world, second);
    const report = await pruneStore(world);
    assert.equal(report.deleted, 1);
    assert.deepEqual(versionsOf(world, "a"), ["1\n", "-"]);
    assert.equal(world.store.current("a"), undefined);
  }));

Deno.test("in a store without versions a removed entry's object goes when no snapshot needs it", () =>
  inWorld(async (world) => {
    const first = await backupWith(world, "echo 1 > a; mkdir d; echo g > d/gone; echo k > kept");
    await backupWith(world, "rm -r d; echo 2 > a");
    assert.equal((await pruneStore(world)).plan.objects, 0);
    forget(world, first);
    const report = await pruneStore(world);
    assert.deepEqual([report.deleted, report.failed], [2, 0]);
    assert.deepEqual(mirrorKeys(world.store), ["a", "kept"]);
    // What is back is stored again: nobody counts on what was deleted.
    await backupWith(world, "mkdir d; echo g > d/gone");
    assert.deepEqual(mirrorKeys(world.store), ["a", "d/", "d/gone", "kept"]);
    world.verify();
  }, { versions: false }));

Deno.test("without versions an object that somebody else has put there stays", () =>
  inWorld(async (world) => {
    const first = await backupWith(world, "echo 1 > a; echo g > gone");
    await backupWith(world, "rm gone");
    forget(world, first);
    await world.store.put("gone", new TextEncoder().encode("by others"), {});
    assert.equal((await pruneStore(world)).deleted, 0);
    assert.deepEqual(versionsOf(world, "gone"), ["by others"]);
  }, { versions: false }));

Deno.test("objects that the log has not stored stay", () =>
  inWorld(async (world) => {
    const first = await backupWith(world, "echo 1 > a");
    await world.store.put("foreign", new TextEncoder().encode("1"), {});
    await world.store.put("foreign", new TextEncoder().encode("2"), {});
    await backupWith(world, "echo 2 > a");
    forget(world, first);
    await pruneStore(world);
    assert.deepEqual(versionsOf(world, "foreign"), ["1", "2"]);
  }));

for (const versions of [true, false]) {
  const store = versions ? "with versions" : "without versions";
  Deno.test(`an alias keeps the content under its old key in a store ${store}`, () =>
    inWorld(async (world) => {
      const first = await backupWith(world, "mkdir d; echo x > a; echo y > d/y; echo z > z");
      shell(world.source, "mv a b; mv d e");
      await world.backup({ renames: "alias", scan: { acceptDeletions: true } });
      forget(world, first);
      await pruneStore(world);
      const to = `${world.folder}/restored`;
      assert.equal((await world.restore(to)).exitCode, 0);
      assert.deepEqual(treeOf(to), treeOf(world.source));
      world.verify();
    }, { versions }));
}

Deno.test("sidecars go with the objects that they belong to", () =>
  inWorld(async (world) => {
    const long = "n".repeat(200);
    const deep = Array(6).fill(long).join("/");
    const first = await backupWith(world, `mkdir -p ${deep}; echo 1 > ${deep}/f; echo k > k`);
    const sidecars = () =>
      [...world.store.objects.keys()].filter((key) => key.startsWith(".holdfast/sidecars/")).length;
    const contents = () =>
      [...world.store.objects.keys()].filter((key) => key.startsWith(".holdfast/content/")).length;
    const before = sidecars();
    assert.ok(before > 0 && contents() > 0);
    await backupWith(world, `rm -r ${long}`);
    assert.equal((await pruneStore(world)).plan.objects, 0);
    forget(world, first);
    await pruneStore(world);
    assert.deepEqual([sidecars(), contents()], [0, 0]);
    assert.deepEqual(mirrorKeys(world.store), ["k"]);
  }));

Deno.test("early deletion from an archive class is counted", () =>
  inWorld(async (world) => {
    shell(world.source, "echo 1 > a");
    const { snapshot } = await world.backup({ storageClass: "DEEP_ARCHIVE" });
    forget(world, snapshot);
    shell(world.source, "echo 22 > a");
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const { plan } = await pruneStore(world);
    assert.deepEqual(plan.early, [
      {
        ...{ storageClass: "DEEP_ARCHIVE", objects: 1, bytes: 2 },
        // With the 32 KB that an archive adds.
        byteDays: (2 + 32 * 1024) * 180,
      },
    ]);
  }));

Deno.test("a prune that is cut off at any request ends the same when it is repeated", async () => {
  for (const versions of [true, false]) {
    for (let stop = 1, cut = true; cut; stop++) {
      await inWorld(async (world) => {
        const first = await backupWith(
          world,
          "echo 1 > a; echo g > gone; echo h > gone2; echo k > k",
        );
        const second = await backupWith(world, "echo 22 > a; rm gone gone2");
        await backupWith(world, "echo 333 > a");
        forget(world, versions ? second : first, ...(versions ? [] : [second]));
        let seen = 0;
        cut = false;
        world.store[stop % 2 === 0 ? "after" : "before"] = () => {
          if (++seen !== Math.ceil(stop / 2)) return;
          cut = true;
          throw failure("unreachable", "Gone", "");
        };
        if (await pruneStore(world).then(() => false, () => true)) world.reopen();
        world.store.before = world.store.after = () => {};
        await pruneStore(world);
        assert.equal((await pruneStore(world)).plan.objects, 0);
        assert.deepEqual(versionsOf(world, "a"), versions ? ["1\n", "333\n"] : ["333\n"]);
        assert.deepEqual(
          mirrorKeys(world.store),
          versions ? ["a", "gone", "gone2", "k"] : ["a", "k"],
        );
        await backupWith(world, "echo g > gone");
        assert.deepEqual(versionsOf(world, "gone"), versions ? ["g\n"] : ["g\n"]);
        world.verify();
      }, { versions });
    }
  }
});

Deno.test("what the store will not delete is told, and is tried again", () =>
  inWorld(async (world) => {
    forget(world, await backupWith(world, "echo 1 > a; echo 1 > b"));
    await backupWith(world, "echo 22 > a; echo 22 > b");
    world.store.before = (operation, key) => {
      if (operation === "delete" && key === "a") throw failure("denied", "AccessDenied", key);
    };
    const report = await pruneStore(world);
    assert.deepEqual([report.exitCode, report.deleted, report.failed], [3, 1, 1]);
    world.store.before = () => {};
    assert.equal((await pruneStore(world)).deleted, 1);
  }));
