import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { decodeMetadata } from "../../src/core/mirror/object_metadata.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

/** Runs that end where they should not, and the run after. */
Deno.test("what a run had scanned and not stored is stored by the next one, changed or not", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`folder/file-${i}`, `content ${i}`);
    let puts = 0;
    world.store.before = (operation, key) => {
      if (operation === "put" && ++puts > 3) throw failure("unreachable", "SlowDown", key);
    };
    await failsWith(world.backup(), "unreachable");
    assert.equal(world.events("SnapshotCreated").length, 0);
    assert.equal(world.events("RunFinished")[0].data.outcome, 1);
    world.verify();
    world.store.before = () => {};
    world.reopen();
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.equal(mirrorKeys(world.store).length, 21);
    assert.equal(world.events("SnapshotCreated").length, 1);
    world.verify();
  }));

Deno.test("what was stored and not recorded is stored again, and the newest version is the one kept", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    const { append } = world.log;
    world.log = {
      ...world.log,
      append(run, events, options) {
        const stores = Array.isArray(events) && events.some(({ type }) => type === "ObjectsStored");
        if (stores) throw new Error("killed");
        return append(run, events, options);
      },
    };
    await assert.rejects(world.backup(), /killed/);
    world.reopen();
    await world.backup();
    const [{ data }] = world.events("ObjectsStored");
    const { versionId } = world.store.current("one")!.head;
    assert.equal(data.folders[0].objects[0].version, versionId);
    world.verify();
  }));

for (const between of ["", "removed in between, "]) {
  Deno.test(`a file that is ${between}back to what it was is stored where its key may hold another content`, () =>
    inWorld(async (world) => {
      world.write("file", "AAAA");
      await world.backup();
      world.write("file", "BBBB");
      await killedAt(world, "ObjectsStored");
      assert.equal(new TextDecoder().decode(world.store.current("file")!.body), "BBBB");
      if (between !== "") {
        Deno.removeSync(`${world.source}/file`);
        await world.backup({ scan: { acceptDeletions: true } });
      }
      world.write("file", "AAAA");
      assert.equal((await world.backup()).stored.objects, 1);
      world.verify();
      const to = `${world.folder}/restored`;
      assert.equal((await world.restore(to)).exitCode, 0);
      assert.deepEqual(treeOf(to), { file: "AAAA" });
    }, { versions: false }));
}

Deno.test("a symlink that was changed and not stored is not taken for stored when it is touched", () =>
  inWorld(async (world) => {
    shell(world.source, "ln -s here link");
    await world.backup();
    shell(world.source, "ln -sfn there link");
    world.store.before = (operation, key) => {
      if (operation === "put") throw failure("unreachable", "Timeout", key);
    };
    await failsWith(world.backup(), "unreachable");
    world.store.before = () => {};
    shell(world.source, "touch -h -d 2001-01-01 link");
    assert.equal((await world.backup()).stored.objects, 1);
    const header = decodeMetadata(world.store.current("link")!.head.metadata.holdfast);
    assert.equal(header!.target, "there");
    world.verify();
  }));

Deno.test("a run that never ended is marked by the next one", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    await killedAt(world, "ScanCompleted");
    assert.equal(world.events("RunFinished").length, 0);
    await world.backup();
    const [{ run }] = world.events("RunStarted");
    assert.deepEqual(world.events("RunInterrupted").map(({ data }) => data.run), [run]);
    world.verify();
  }));

Deno.test("an interrupted run ends with 130 and keeps what it has stored", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`file-${i}`, `${i}`);
    const controller = new AbortController();
    world.store.after = () => {
      if (world.store.count("put") < 5) return;
      controller.abort(new HoldfastError("interrupted", "interrupted"));
    };
    await failsWith(world.backup({ signal: controller.signal, workers: 1 }), "interrupted");
    assert.equal(world.events("RunFinished")[0].data.outcome, 130);
    assert.equal(world.events("SnapshotCreated").length, 0);
    world.verify();
    world.store.after = () => {};
    const stored = mirrorKeys(world.store).length;
    world.store.requests.length = 0;
    assert.equal((await world.backup()).exitCode, 0);
    assert.equal(world.store.count("put"), 20 - stored);
    world.verify();
  }));

Deno.test("a full disk stops the run cleanly, and the next one carries on", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 3000; i++) {
      world.write(`folder-${i % 7}/file-with-a-rather-long-name-${i}`, `${i}`);
    }
    console.log("a full disk: SQLite's max_page_count stands in for it");
    world.log.close();
    world.log = openFull(world, 60);
    const error = await failsWith(world.backup(), "disk-full");
    assert.ok(isKind(error, "disk-full"));
    assert.equal(world.events("SnapshotCreated").length, 0);
    world.reopen();
    world.verify();
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.equal(mirrorKeys(world.store).length, 3007);
    world.verify();
  }));

/** The job's log, in a database that may not grow beyond so many pages. */
function openFull({ stateFile, clock }: World, pages: number) {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql: string) {
    exec.call(this, sql);
    if (sql.startsWith("PRAGMA cache_size")) exec.call(this, `PRAGMA max_page_count = ${pages}`);
  };
  try {
    return openJobLog(stateFile, { clock, sha256 }, { mode: "write" });
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}

/** A run whose process dies before the first event of a type: nothing is appended after. */
async function killedAt(world: World, type: string): Promise<void> {
  const { append } = world.log;
  let dead = false;
  world.log = {
    ...world.log,
    append(run, events, options) {
      const list = typeof events === "function" ? events() : events;
      dead ||= list.some((event) => event.type === type);
      if (dead) throw new Error("killed");
      return append(run, list, options);
    },
  };
  await assert.rejects(world.backup(), /killed/);
  world.reopen();
}
