import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { indexedMembers, membersOf, packKeys, packOptions, testKeys } from "./pack_world.ts";
import { check } from "./upkeep.ts";

/** Files of random content: `count` of them, about `bytes` each. */
function fill(world: World, folder: string, count: number, bytes: number): void {
  shell(
    world.source,
    `mkdir -p ${folder}; for i in $(seq ${count}); do head -c ${bytes} /dev/urandom > ${folder}/$i; done`,
  );
}

/** Ends the run as a kill would: nothing after this request has an effect. */
function dieAfter(world: World, wanted: (operation: string, nth: number) => boolean): void {
  let nth = 0;
  let dead = false;
  world.store.before = (operation, key) => {
    if (dead) throw failure("unreachable", "killed", key);
    if (!wanted(operation, ++nth)) return;
    dead = true;
    throw failure("unreachable", "killed", key);
  };
}

function live(world: World): void {
  world.store.before = () => {};
  world.store.after = () => {};
  world.reopen();
}

Deno.test("an interrupted pack is closed by its tail: no acknowledged part is sent again", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const packs = await packOptions(world, keys);
    fill(world, "f", 12, 700_000);
    let parts = 0;
    dieAfter(world, (operation) => operation === "uploadPart" && ++parts > 3);
    await assert.rejects(world.backup({ packs }));
    live(world);
    const sent = new Set<string>();
    world.store.before = (operation, key) => {
      if (operation === "uploadPart") sent.add(key);
    };
    const report = await world.backup({ packs });
    assert.equal(report.exitCode, 0);
    const [closed, rest] = packKeys(world).length === 2
      ? world.events("PackStored").map(({ data }) => data.key)
      : [];
    assert.notEqual(closed, undefined, "the pack was closed, and another one has the rest");
    // Of the closed pack nothing but its tail was sent.
    assert.equal(world.store.uploads.size, 0);
    const first = (await membersOf(world, closed, keys)).map(({ name }) => name);
    const second = (await membersOf(world, rest, keys)).map(({ name }) => name);
    assert.deepEqual(first, await indexedMembers(world, closed, keys));
    assert.deepEqual(second, await indexedMembers(world, rest, keys));
    assert.equal(new Set([...first, ...second]).size, 13);
    assert.ok(first.length >= 3, first.join(", "));
    world.verify();
  }));

Deno.test("a pack whose completion was answered to nobody is found complete", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const packs = await packOptions(world, keys);
    fill(world, "f", 6, 700_000);
    world.store.after = (operation, key) => {
      if (operation === "completeUpload") throw failure("unreachable", "lost", key);
    };
    await assert.rejects(world.backup({ packs }));
    live(world);
    const before = world.store.count("uploadPart");
    await world.backup({ packs });
    assert.equal(world.store.count("uploadPart"), before);
    assert.equal(packKeys(world).length, 1);
    world.verify();
  }));

Deno.test("a pack of one PUT that was answered to nobody is found, else its entries are packed anew", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const packs = await packOptions(world, keys);
    world.write("a", "one");
    const isPack = (key: string) => key.startsWith("packs/");
    world.store.after = (operation, key) => {
      if (operation === "put" && isPack(key)) throw failure("unreachable", "lost", key);
    };
    await assert.rejects(world.backup({ packs }));
    live(world);
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 1);
    world.write("b", "two");
    world.store.before = (operation, key) => {
      if (operation === "put" && isPack(key)) throw failure("unreachable", "killed", key);
    };
    await assert.rejects(world.backup({ packs }));
    live(world);
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 2);
    assert.equal(world.events("PackAborted").length, 1);
    world.verify();
  }));

Deno.test("what counts on a part that was lost is packed again: duplicates and large files too", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 22 });
    fill(world, "a", 3, 700_000);
    shell(world.source, "cp a/3 copy; head -c 12000000 /dev/urandom > large; cp large large2");
    let parts = 0;
    dieAfter(world, (operation) => operation === "uploadPart" && ++parts > 4);
    await assert.rejects(world.backup({ packs }));
    live(world);
    const report = await world.backup({ packs });
    assert.equal(report.exitCode, 0);
    const { index } = world.log;
    assert.equal(index.unstoredTotals().entries, 0);
    for (
      const { sha256, list } of [...index.packs.all()].flatMap(({ id }) =>
        index.packs.contentsIn(id)
      )
    ) {
      assert.notEqual(index.packs.locate(sha256), undefined);
      for (const chunk of list > 0 ? index.packs.chunks(sha256) : []) {
        assert.notEqual(index.packs.locate(chunk), undefined);
      }
    }
    world.verify();
  }));

Deno.test("what was recorded of a pack before its first part was complete is packed again", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const packs = await packOptions(world, keys);
    shell(
      world.source,
      "mkdir f; head -c 5000000 /dev/urandom | split -b 1000 -a 4 -d - f/; cp f/0000 same",
    );
    world.store.before = (operation, key) => {
      if (operation === "put") throw failure("unreachable", "killed", key);
    };
    await assert.rejects(world.backup({ packs, partSize: 2 ** 24 }));
    const [started] = world.events("PackStarted");
    const [prepared] = world.events("PartPrepared");
    const early = world.events("MembersPacked").filter(({ position }) =>
      position < prepared.position
    );
    assert.ok(early.length > 2, `${early.length} events before the part`);
    assert.equal(started.position < early[0].position, true);
    live(world);
    assert.equal((await world.backup({ packs, partSize: 2 ** 24 })).exitCode, 0);
    const [key] = packKeys(world);
    const names = (await membersOf(world, key, keys)).map(({ name }) => name);
    assert.equal(names.length, 5001);
    assert.deepEqual(await indexedMembers(world, key, keys), names);
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    world.verify();
  }));

Deno.test("an encrypted pack is given up where there is nobody any more to encrypt its index for", () =>
  inWorld(async (world) => {
    fill(world, "f", 12, 700_000);
    let parts = 0;
    dieAfter(world, (operation) => operation === "uploadPart" && ++parts > 3);
    await assert.rejects(world.backup({ packs: await packOptions(world, await testKeys()) }));
    live(world);
    await world.backup({ packs: await packOptions(world) });
    assert.deepEqual([world.store.uploads.size, packKeys(world).length], [0, 1]);
    assert.match(world.events("PackAborted")[0].data.reason, /the job has no recipients any more/);
    const indexes = [...world.store.objects.keys()].filter((key) => key.includes(".idx.zst"));
    assert.deepEqual(indexes.map((key) => key.endsWith(".age")), [false]);
    world.verify();
  }));

Deno.test("the index of a pack that is not encrypted is not, though recipients have come since", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    fill(world, "f", 12, 700_000);
    let parts = 0;
    dieAfter(world, (operation) => operation === "uploadPart" && ++parts > 3);
    await assert.rejects(world.backup({ packs }));
    live(world);
    const keys = await testKeys();
    await world.backup({ packs: await packOptions(world, keys) });
    assert.equal(packKeys(world).length, 2);
    const report = await check(world, { readData: 100 }, keys);
    assert.deepEqual([report.exitCode, report.read.objects], [0, 2]);
  }));
