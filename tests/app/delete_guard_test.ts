import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, type World } from "./app_world.ts";

/** A source that lost entries deletes nothing by accident. */
async function backedUp(world: World, files: number): Promise<number> {
  for (let i = 0; i < files; i++) world.write(`folder/file-${i}`, `${i}`);
  await world.backup();
  return world.log.head().position;
}

const refusals = (world: World) => world.events("ScanRefused").map(({ data }) => data);

Deno.test("a few missing entries are removed without a question", () =>
  inWorld(async (world) => {
    const before = await backedUp(world, 30);
    shell(world.source, "rm folder/file-1 folder/file-2");
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.equal(report.scans[0].removed, 2);
    assert.deepEqual(world.observations(before), [
      ...["changed folder", "removed folder/file-1", "removed folder/file-2"],
    ]);
    world.verify();
  }));

Deno.test("more than max_delete missing removes nothing, makes no snapshot and ends with 4", () =>
  inWorld(async (world) => {
    const before = await backedUp(world, 30);
    shell(world.source, "rm -r folder");
    world.write("new", "new");
    const report = await world.backup();
    assert.equal(report.exitCode, 4);
    assert.equal(report.snapshot, undefined);
    assert.deepEqual(world.observations(before), ["added new", "changed "]);
    const [{ guard, missing, limit, sample }] = refusals(world);
    assert.deepEqual({ guard, missing, limit, sample }, {
      ...{ guard: "max_delete", missing: 31, limit: 20, sample: ["folder"] },
    });
    assert.ok(world.store.current("new"), "what is new is stored all the same");
    assert.equal(world.events("ScanCompleted", before).length, 0);
    world.verify();
  }));

Deno.test("--accept-deletions removes what is missing, and the log says that it was told to", () =>
  inWorld(async (world) => {
    const before = await backedUp(world, 30);
    shell(world.source, "rm -r folder");
    world.write("new", "new");
    await world.backup();
    const report = await world.backup({ scan: { acceptDeletions: true } });
    assert.equal(report.exitCode, 0);
    assert.equal(report.scans[0].removed, 31);
    assert.deepEqual(world.events("GuardOverridden").map(({ data }) => data), [
      { source: "", guard: "max_delete", missing: 31 },
    ]);
    assert.equal(world.log.index.totals().entries, 1);
    assert.ok(world.store.current("folder/file-1"), "nothing in the store is deleted");
    assert.ok(report.snapshot! > before);
    world.verify();
  }));

Deno.test("max_delete counts percent and entries, the smaller one decides", () =>
  inWorld(async (world) => {
    await backedUp(world, 60);
    shell(world.source, "rm folder/file-1*; rm folder/file-2*");
    for (const maxDelete of [{ percent: 1, entries: 1000 }, { percent: 100, entries: 21 }]) {
      assert.equal((await world.backup({ scan: { maxDelete } })).exitCode, 4);
    }
    const report = await world.backup({ scan: { maxDelete: { percent: 50, entries: 1000 } } });
    assert.equal(report.scans[0].removed, 22);
    world.verify();
  }));

Deno.test("an empty source removes nothing, however little there was", () =>
  inWorld(async (world) => {
    await backedUp(world, 2);
    shell(world.source, "rm -r folder");
    assert.equal((await world.backup()).exitCode, 4);
    assert.equal(refusals(world)[0].guard, "empty");
    world.verify();
    assert.equal((await world.backup({ scan: { acceptDeletions: true } })).exitCode, 0);
    world.verify();
    assert.equal((await world.backup()).exitCode, 0, "empty as before is no loss");
  }));

Deno.test("an absent source removes nothing, and --accept-deletions does not help", () =>
  inWorld(async (world) => {
    await backedUp(world, 2);
    shell(world.folder, "mv source elsewhere");
    for (const acceptDeletions of [false, true]) {
      const report = await world.backup({ scan: { acceptDeletions } });
      assert.equal(report.exitCode, 4);
      assert.equal(report.snapshot, undefined);
    }
    assert.deepEqual(refusals(world).map(({ guard, missing }) => ({ guard, missing })), [
      { guard: "absent", missing: 3 },
      { guard: "absent", missing: 3 },
    ]);
    world.verify();
    shell(world.folder, "mv elsewhere source");
    assert.equal((await world.backup()).exitCode, 0);
    world.verify();
  }));

Deno.test("a source that never was there is a mistake in the config", () =>
  inWorld(async (world) => {
    await assert.rejects(
      world.backup({ scan: { path: `${world.folder}/nowhere` } }),
      (error) => isKind(error, "usage"),
    );
    world.verify();
  }));

Deno.test("what is missing on another file system than before is not removed", () =>
  inWorld(async (world) => {
    const before = await backedUp(world, 3);
    world.write("outside", "outside");
    await world.backup();
    shell(world.source, "rm folder/*");
    const fileSystem = (path: string, actual: string) => path === "folder" ? "foreign" : actual;
    for (let run = 0; run < 3; run++) {
      const report = await world.backup({ scan: { faults: { fileSystem } } });
      assert.equal(report.exitCode, 4, "as often as it is tried");
      assert.equal(refusals(world)[run].guard, "foreign");
    }
    assert.equal(world.observations(before).filter((line) => line.startsWith("removed")).length, 0);
    world.verify();
    const next = await world.backup();
    assert.equal(next.exitCode, 0, "back on its own file system, three entries may go");
    world.verify();
  }));

for (const [lost, guard] of [["rm -r folder", "foreign"], ["rm folder/*", "empty"]]) {
  Deno.test(`a mount below a source that is lost by ${lost} is refused as ${guard}`, () =>
    inWorld(async (world) => {
      const faults = {
        fileSystem: (path: string, actual: string) => path === "folder" ? "disk" : actual,
      };
      for (let i = 0; i < 3; i++) world.write(`folder/${i}`, `${i}`);
      world.write("outside", "outside");
      await world.backup({ scan: { faults } });
      shell(world.source, lost);
      for (let run = 0; run < 2; run++) {
        assert.equal((await world.backup({ scan: { faults } })).exitCode, 4);
        assert.equal(refusals(world)[run].guard, guard);
      }
      await world.backup({ scan: { faults, acceptDeletions: true } });
      assert.equal((await world.backup({ scan: { faults } })).exitCode, 0);
      world.verify();
    }));
}

Deno.test("a source on another file system with all its entries goes on", () =>
  inWorld(async (world) => {
    await backedUp(world, 3);
    shell(world.source, "ln folder/file-1 folder/linked");
    await world.backup();
    const faults = { fileSystem: () => "another" };
    const report = await world.backup({ scan: { faults } });
    assert.equal(report.exitCode, 0);
    world.verify();
    const before = world.log.head().position;
    await world.backup({ scan: { faults } });
    assert.deepEqual(world.observations(before), []);
    assert.equal(world.log.index.paths.find("", "folder")!.fileSystem, "another");
    world.verify();
  }));

Deno.test("an entry that becomes a folder, or a folder an entry, is one removal and one addition", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir one; echo 1 > one/inside; echo 2 > two");
    await world.backup();
    const before = world.log.head().position;
    shell(world.source, "rm -r one; echo 3 > one; rm two; mkdir two; echo 4 > two/inside");
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.deepEqual(world.observations(before), [
      ...["added one", "added two", "added two/inside", "changed "],
      ...["removed one", "removed one/inside", "removed two"],
    ]);
    world.verify();
    shell(world.source, "rm one; mkdir one; rm -r two; echo 5 > two");
    assert.equal((await world.backup()).exitCode, 0);
    world.verify();
    assert.equal(world.log.index.totals().entries, 2);
  }));
