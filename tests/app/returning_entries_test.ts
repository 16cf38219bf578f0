import assert from "node:assert/strict";
import { UNSETTLED } from "../../src/core/index/rows.ts";
import { bytesOfText, type PathText } from "../../src/core/path_text.ts";
import type { DirectFolder, DirectSource } from "../../src/ports/source.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { openState } from "../../src/app/read_state.ts";
import { indexOf } from "../../src/core/scan/listing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { folderOf, openLog, sha256 } from "../sqlite/log_fixture.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { unreadable } from "./faulty_source.ts";

/** The source with one name of its root that cannot be looked at, or whose attributes cannot. */
function withBadName(world: World, name: PathText, what: "stat" | "attributes"): DirectSource {
  const source = openLocalSource(world.source);
  const folderOf = (folder: DirectFolder): DirectFolder => ({
    ...folder,
    list() {
      const listing = folder.list();
      if (what === "attributes") return listing;
      return { ...listing, failed: [{ name, reason: "EIO: input/output error" }] };
    },
    readAttributes(asked) {
      if (what === "attributes" && asked === name) throw unreadable(name);
      return folder.readAttributes(asked);
    },
  });
  return {
    ...source,
    open() {
      const root = source.open();
      return { ...root, folder: folderOf(root.folder) };
    },
  };
}

Deno.test("an entry that was removed and comes back unreadable is unreadable until it is not", () =>
  inWorld(async (world) => {
    world.write("a", "first");
    world.write("b", "b");
    await world.backup();
    Deno.removeSync(`${world.source}/a`);
    await world.backup();
    world.write("a", "second");
    for (let i = 0; i < 2; i++) {
      const scan = { source: withBadName(world, "a", "attributes") };
      assert.equal((await world.backup({ scan })).exitCode, 3);
      world.verify();
    }
    assert.equal((await world.backup()).exitCode, 0);
    await world.restore(`${world.folder}/out`);
    assert.deepEqual(treeOf(`${world.folder}/out`), { a: "second", b: "b" });
    world.verify();
  }));

Deno.test("a new entry that cannot be read is an entry error each time, and stored when it can", () =>
  inWorld(async (world) => {
    world.write("a", "a");
    for (let i = 0; i < 3; i++) {
      const scan = { source: withBadName(world, "a", "attributes") };
      const report = await world.backup({ scan });
      assert.equal(report.exitCode, 3, `run ${i}`);
      assert.equal(world.events("SnapshotCreated").at(-1)!.data.gaps, 1);
    }
    assert.equal((await world.backup()).stored.objects, 1);
    world.verify();
  }));

Deno.test("a name that was removed and now cannot be looked at is an entry error", () =>
  inWorld(async (world) => {
    world.write("a", "first");
    world.write("folder/x", "x");
    world.write("b", "b");
    await world.backup();
    shell(world.source, "rm -r a folder");
    await world.backup();
    for (const name of ["a", "folder", "never seen"]) {
      const scan = { source: withBadName(world, name, "stat") };
      assert.equal((await world.backup({ scan })).exitCode, 3, name);
      world.verify();
    }
    assert.equal((await world.backup()).exitCode, 0);
    world.verify();
  }));

Deno.test("an entry that was unreadable and is stored later has the digest of a readable one", () =>
  inWorld(async (world) => {
    world.write("a", "a");
    const openFile = () => {
      throw unreadable("a");
    };
    assert.equal((await world.backup({ scan: { faults: { openFile } } })).exitCode, 3);
    assert.equal((await world.backup()).exitCode, 0);
    await world.backup();
    const digests = () => world.events("ScanCompleted").map(({ data }) => data.digest);
    const cached = digests().at(-1);
    world.log.index.tables.clearDigest("tree", world.log.index.paths.find("", "")!.id);
    await world.backup();
    assert.equal(digests().at(-1), cached);
    world.verify();
  }));

Deno.test("a symlink that was just made is looked at again, and stored once", () =>
  inWorld(async (world) => {
    world.clock.time = BigInt(Date.now()) * 1_000_000n;
    shell(world.source, "ln -s target link");
    await world.backup();
    const root = world.log.index.paths.find("", "")!.id;
    const link = () => world.log.index.tables.findEntry(root, bytesOfText("link"))!;
    assert.equal(link().state & UNSETTLED, UNSETTLED);
    world.clock.time += 3_600_000_000_000n;
    const report = await world.backup();
    assert.equal(report.stored.objects, 0);
    assert.equal(link().state, 0);
    world.verify();
  }));

Deno.test("a large file that shrinks at each read is stored as it was read last", () =>
  inWorld(async (world) => {
    world.write("large", "a".repeat(900));
    let size = 900;
    const read = () => {
      if (size > 150) world.write("large", "b".repeat(size -= 50));
    };
    const report = await world.backup({ partSize: 100, scan: { faults: { read } } });
    assert.equal(report.exitCode, 0);
    assert.equal(world.store.uploads.size, 0);
    world.verify();
    await world.backup({ partSize: 100 });
    await world.restore(`${world.folder}/out`);
    assert.deepEqual(treeOf(`${world.folder}/out`), treeOf(world.source));
  }));

Deno.test("a large file that is emptied while it is read is stored empty", () =>
  inWorld(async (world) => {
    world.write("large", "a".repeat(900));
    const read = () => world.write("large", "");
    const report = await world.backup({ partSize: 100, scan: { faults: { read } } });
    assert.equal(report.exitCode, 0);
    assert.equal(world.store.uploads.size, 0);
    assert.equal(world.store.current("large")!.body.length, 0);
    world.verify();
  }));

Deno.test("hard links that are there already are kept, and nothing is fetched", () =>
  inWorld(async (world) => {
    shell(world.source, "echo one > one; ln one two; ln one three");
    await world.backup();
    const to = `${world.folder}/out`;
    await world.restore(to);
    const inode = Deno.statSync(`${to}/one`).ino;
    Deno.removeSync(`${to}/three`);
    world.store.requests.length = 0;
    const report = await world.restore(to);
    assert.equal(report.exitCode, 0);
    assert.equal(report.present, 2);
    assert.equal(world.store.requests.length, 1, "only repository.json is asked for");
    for (const name of ["one", "two", "three"]) {
      assert.equal(Deno.statSync(`${to}/${name}`).ino, inode, name);
    }
  }));

Deno.test("a file of the size and time of a hard link, but not its content, is in the way", () =>
  inWorld(async (world) => {
    shell(world.source, "echo one > one; ln one two");
    await world.backup();
    const to = `${world.folder}/out`;
    await world.restore(to);
    shell(to, "rm one two; echo two > one; echo two > two; touch -r ../source/one one two");
    const kept = await world.restore(to);
    assert.equal(kept.exitCode, 3);
    assert.deepEqual(treeOf(to), { one: "two\n", two: "two\n" }, "never is never");
    assert.equal((await world.restore(to, { overwrite: "always" })).exitCode, 0);
    assert.deepEqual(treeOf(to), { one: "one\n", two: "one\n" });
  }));

Deno.test("a run that was interrupted says so in the log", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 5; i++) world.write(`file-${i}`, `${i}`);
    const controller = new AbortController();
    world.store.before = (operation) => {
      if (operation === "put") controller.abort();
    };
    await assert.rejects(world.backup({ signal: controller.signal }));
    assert.equal(world.events("RunFinished").at(-1)!.data.outcome, 130);
    world.verify();
  }));

/** The source with the folder "mount" as the root of another mount. */
function withMount(world: World): DirectSource {
  const source = openLocalSource(world.source);
  const open = () => {
    const root = source.open();
    const list = () => {
      const listing = root.folder.list();
      const mounts = new Uint8Array(listing.count);
      mounts[indexOf(listing, bytesOfText("mount"))] = 1;
      return { ...listing, mounts };
    };
    return { ...root, folder: { ...root.folder, list } };
  };
  return { ...source, open };
}

Deno.test("what is below a mount is removed from the index when one_file_system leaves it out", () =>
  inWorld(async (world) => {
    world.write("mount/a", "a");
    world.write("mount/b/c", "c");
    world.write("other", "o");
    await world.backup({ scan: { source: withMount(world) } });
    const before = world.log.head().position;
    await world.backup({ scan: { source: withMount(world), oneFileSystem: true } });
    assert.deepEqual(world.observations(before), [
      "removed mount/a",
      "removed mount/b",
      "removed mount/b/c",
    ]);
    await world.restore(`${world.folder}/out`);
    assert.deepEqual(treeOf(`${world.folder}/out`), { "mount/": "/", other: "o" });
    world.verify();
  }));

Deno.test("a restore gives back the chosen state though a backup changes the index meanwhile", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 9; i++) world.write(`file-${i}`, `old ${i}`);
    await world.backup();
    const tree = treeOf(world.source);
    const moment = openLog(world.stateFile, { mode: "read", frozen: true });
    const replayer = sqliteReplayer(folderOf(world.stateFile), sha256);
    const state = openState(moment, replayer, { kind: "default" }, () => {});
    world.store.before = async (operation, key) => {
      if (operation !== "get" || key !== "file-2") return;
      world.store.before = () => {};
      for (let i = 0; i < 9; i++) world.write(`file-${i}`, `another ${i}`);
      Deno.removeSync(`${world.source}/file-7`);
      await world.backup();
    };
    const report = await world.restore(`${world.folder}/out`, { state, workers: 1 });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(treeOf(`${world.folder}/out`), tree);
    moment.close();
    world.verify();
  }));
