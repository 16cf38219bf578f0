import assert from "node:assert/strict";
import { decodeMetadata } from "../../src/core/mirror/object_metadata.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf } from "./app_world.ts";
import { unreadable } from "./faulty_source.ts";

/** A source that changes, vanishes or cannot be read while a backup is under way. */
Deno.test("a file that changes while it is read is read again and stored as last read", () =>
  inWorld(async (world) => {
    world.write("moving", "first");
    let reads = 0;
    const read = () => {
      if (reads++ === 0) world.write("moving", "second, longer");
    };
    const report = await world.backup({ scan: { faults: { read } } });
    assert.equal(reads, 2);
    assert.deepEqual(world.observations(0), ["added ", "added moving", "changed moving"]);
    assert.equal(text(world.store.current("moving")!.body), "second, longer");
    assert.ok(report.snapshot! > 0);
    world.verify();
  }));

Deno.test("a file that changes at each read is stored, marked, and read again next time", () =>
  inWorld(async (world) => {
    world.write("moving", "0");
    let reads = 0;
    const read = () => world.write("moving", "x".repeat(++reads));
    await world.backup({ scan: { faults: { read } } });
    assert.ok(world.observations(0).includes("unstable moving"));
    assert.equal(mirrorKeys(world.store).length, 1);
    world.verify();
    const before = world.log.head().position;
    const report = await world.backup();
    assert.ok(report.stored.objects + report.stored.equal > 0);
    assert.equal(text(world.store.current("moving")!.body), "x".repeat(reads));
    const then = world.log.head().position;
    await world.backup();
    assert.ok(before < then);
    assert.deepEqual(world.observations(then), []);
    world.verify();
  }));

Deno.test("a large file that changes while it is read aborts its upload, and is uploaded again", () =>
  inWorld(async (world) => {
    world.write("large", "a".repeat(250));
    let reads = 0;
    const read = () => {
      if (++reads === 1) world.write("large", "b".repeat(270));
    };
    await world.backup({ partSize: 100, scan: { faults: { read } } });
    assert.equal(world.events("UploadAborted").length, 1);
    assert.equal(world.store.uploads.size, 0);
    assert.equal(text(world.store.current("large")!.body), "b".repeat(270));
    world.verify();
  }));

Deno.test("a large file that changes at each read is stored and marked", () =>
  inWorld(async (world) => {
    world.write("large", "a".repeat(250));
    let reads = 0;
    const read = () => world.write("large", "b".repeat(250 + ++reads));
    const report = await world.backup({ partSize: 100, scan: { faults: { read } } });
    assert.ok(world.observations(0).includes("unstable large"));
    assert.equal(report.exitCode, 0);
    assert.equal(world.store.uploads.size, 0);
    world.verify();
    assert.equal((await world.backup({ partSize: 100 })).exitCode, 0);
    world.verify();
  }));

Deno.test("a file that vanishes between scan and read is an entry error, and removed next time", () =>
  inWorld(async (world) => {
    world.write("gone", "gone");
    world.write("kept", "kept");
    const openFile = (path: string) => {
      if (path === "gone") Deno.removeSync(`${world.source}/gone`);
    };
    const report = await world.backup({ scan: { faults: { openFile } } });
    assert.equal(report.exitCode, 3);
    assert.deepEqual(mirrorKeys(world.store), ["kept"]);
    assert.equal(world.events("SnapshotCreated")[0].data.gaps, 1);
    world.verify();
    const before = world.log.head().position;
    assert.equal((await world.backup()).exitCode, 0);
    assert.ok(world.observations(before).includes("removed gone"));
    assert.equal(world.events("SnapshotCreated", before)[0].data.gaps, undefined);
    world.verify();
  }));

Deno.test("a file that changes after the scan and then vanishes is an entry error", () =>
  inWorld(async (world) => {
    world.write("gone", "as scanned");
    const openFile = () => {
      if (world.store.count("put") === 0) world.write("gone", "as opened, longer");
    };
    const read = () => Deno.removeSync(`${world.source}/gone`);
    const report = await world.backup({ scan: { faults: { openFile, read } } });
    assert.equal(report.exitCode, 0, "what was read to its end from the open file is whole");
    world.verify();
  }));

Deno.test("a file that changes after the scan and cannot be read to its end is an entry error", () =>
  inWorld(async (world) => {
    world.write("bad", "as scanned");
    const openFile = () => world.write("bad", "as opened, longer");
    const read = (path: string) => {
      throw unreadable(path);
    };
    const report = await world.backup({ scan: { faults: { openFile, read } } });
    assert.equal(report.exitCode, 3);
    assert.deepEqual(world.observations(0), [
      ...["added ", "added bad", "changed bad", "unreadable bad"],
    ]);
    world.verify();
  }));

Deno.test("attributes that change between scan and read are observed, and in the object's metadata", () =>
  inWorld(async (world) => {
    world.write("file", "content");
    const openFile = () => shell(world.source, "setfattr -n user.late -v yes file");
    await world.backup({ scan: { faults: { openFile } } });
    const folder = world.log.index.paths.find("", "")!;
    const row = world.log.index.tables.findEntry(folder.id, new TextEncoder().encode("file"))!;
    assert.match(row.attributes ?? "", /user\.late/);
    const header = decodeMetadata(world.store.current("file")!.head.metadata.holdfast);
    assert.equal(header!.attributes![0][0], "user.late");
    const before = world.log.head().position;
    await world.backup();
    assert.deepEqual(world.observations(before), []);
    world.verify();
  }));

Deno.test("an unreadable folder keeps what is known below it", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir -p a/deep b; echo 1 > a/one; echo 2 > a/deep/two; echo 3 > b/three");
    await world.backup();
    const before = world.log.head().position;
    const list = (path: string) => {
      if (path === "a") throw unreadable(path);
    };
    const report = await world.backup({ scan: { faults: { list } } });
    assert.equal(report.exitCode, 3);
    assert.deepEqual(world.observations(before), ["unreadable a"]);
    assert.equal(report.scans[0].entries, 6);
    assert.equal(world.events("SnapshotCreated", before)[0].data.gaps, 1);
    world.verify();
    const restored = `${world.folder}/restored`;
    assert.equal((await world.restore(restored)).exitCode, 0);
    assert.deepEqual(treeOf(restored), treeOf(world.source));
    const then = world.log.head().position;
    const next = await world.backup();
    assert.equal(next.exitCode, 0);
    assert.equal(world.events("SnapshotCreated", then)[0].data.gaps, undefined);
    world.verify();
  }));

Deno.test("a folder that cannot be entered keeps its attributes and what is below it", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir shut; echo 1 > shut/one; setfattr -n user.kept -v yes shut");
    await world.backup();
    const enter = (path: string) => {
      throw unreadable(path);
    };
    shell(world.source, "chmod 0 shut");
    for (let run = 0; run < 2; run++) {
      assert.equal((await world.backup({ scan: { faults: { enter } } })).exitCode, 3);
      const row = world.log.index.paths.find("", "shut")!;
      assert.match(row.attributes ?? "", /user\.kept/);
      world.verify();
    }
    shell(world.source, "chmod 755 shut");
    assert.equal((await world.backup()).exitCode, 0);
    world.verify();
  }));

Deno.test("an unreadable folder that was never seen is a gap in the snapshot", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir new; echo 1 > new/one");
    const list = (path: string) => {
      if (path === "new") throw unreadable(path);
    };
    const report = await world.backup({ scan: { faults: { list } } });
    assert.equal(report.exitCode, 3);
    assert.equal(world.events("SnapshotCreated")[0].data.gaps, 1);
    world.verify();
  }));

Deno.test("a root that cannot be listed removes nothing", () =>
  inWorld(async (world) => {
    world.write("a/one", "one");
    await world.backup();
    const before = world.log.head().position;
    const list = (path: string) => {
      throw unreadable(path);
    };
    const report = await world.backup({ scan: { faults: { list } } });
    assert.equal(report.exitCode, 3);
    assert.deepEqual(world.observations(before), ["unreadable "]);
    world.verify();
    assert.equal((await world.backup()).exitCode, 0);
    world.verify();
  }));

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
