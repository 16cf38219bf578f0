import assert from "node:assert/strict";
import { packIndexKey, packOfKey } from "../../src/core/pack/pack_layout.ts";
import { failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { packKeys, packOptions, type TestKeys, testKeys } from "./pack_world.ts";
import { check, complaints, forget } from "./upkeep.ts";

function indexKeyOf(key: string): string {
  const { pack, isEncrypted } = packOfKey(key)!;
  return packIndexKey(pack, isEncrypted);
}

/** Puts other bytes in the place of the newest version of an object. */
function alter({ store }: World, key: string, change: (body: Uint8Array) => Uint8Array): void {
  const versions = store.objects.get(key)!;
  const last = versions.pop()!;
  const body = change(last.body.slice());
  versions.push({ ...last, body, head: { ...last.head, size: body.length } });
}

function flipped(at: (length: number) => number): (body: Uint8Array) => Uint8Array {
  return (body) => {
    body[at(body.length)] ^= 1;
    return body;
  };
}

/** Two packs: `a`, `b` and `folder/` in the first, `c` and a large file in the second. */
async function twoPacks(world: World, keys?: TestKeys): Promise<string[]> {
  const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
  shell(world.source, "mkdir folder; head -c 3000 /dev/urandom > a; head -c 5000 /dev/urandom > b");
  await world.backup({ packs });
  shell(world.source, "head -c 9000 /dev/urandom > c; head -c 7000000 /dev/urandom > large");
  await world.backup({ packs });
  return world.events("PackStored").map(({ data }) => data.key);
}

/** Paths and keys that a check named, without the reasons. */
function named(world: World): string[] {
  return complaints(world).map((text) => text.split(": ")[0]).sort();
}

for (const encrypted of [true, false]) {
  const how = encrypted ? "encrypted" : "plain";
  Deno.test(`${how} packs that are what was stored are found whole, each byte of them`, () =>
    inWorld(async (world) => {
      const keys = encrypted ? await testKeys() : undefined;
      const stored = await twoPacks(world, keys);
      const report = await check(world, { readData: 100, snapshots: true }, keys);
      assert.deepEqual(complaints(world), []);
      assert.deepEqual(
        [report.exitCode, report.missing, report.damaged, report.packs!.packs],
        [0, 0, 0, 2],
      );
      assert.equal(report.read.objects, 2);
      assert.equal(
        report.read.bytes,
        stored.reduce((sum, key) => sum + world.store.current(key)!.body.length, 0),
      );
      assert.deepEqual(report.unknown, { objects: 0, bytes: 0 });
      world.verify();
    }));

  Deno.test(`any byte of a ${how} pack that is another one is found by --read-data`, () =>
    inWorld(async (world) => {
      const keys = encrypted ? await testKeys() : undefined;
      const [first] = await twoPacks(world, keys);
      const { body } = world.store.current(first)!;
      const whole = body.slice();
      const step = Math.max(1, Math.floor(body.length / 60));
      for (let at = 0; at < whole.length; at += step) {
        alter(world, first, flipped(() => at));
        const report = await check(world, { readData: 100 }, keys);
        assert.equal(report.exitCode, 5, `byte ${at} of ${whole.length}`);
        assert.ok(named(world).includes(first), `byte ${at}: ${named(world)}`);
        alter(world, first, () => whole);
        world.signals.length = 0;
      }
      // What is good again serves again.
      assert.equal((await check(world, { readData: 100 }, keys)).packs!.packs, 2);
      world.verify();
    }));
}

Deno.test("a missing pack is named with its entries, which the next backup packs again", () =>
  inWorld(async (world) => {
    const [first] = await twoPacks(world);
    world.store.objects.delete(first);
    const report = await check(world);
    assert.equal(report.exitCode, 5);
    assert.deepEqual(named(world), ["a", "b", first]);
    assert.equal(world.log.index.unstoredTotals().entries, 2);
    const packs = await packOptions(world, undefined, { chunkThreshold: 2 ** 20 });
    assert.equal((await world.backup({ packs })).exitCode, 0);
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    // The first snapshot finds its contents in the new pack, too.
    await world.restore(`${world.folder}/first`, {
      wanted: { kind: "snapshot", snapshot: world.log.index.snapshots()[0].position },
    });
    assert.deepEqual(Object.keys(treeOf(`${world.folder}/first`)).sort(), ["a", "b", "folder/"]);
    world.signals.length = 0;
    await check(world, { snapshots: true });
    assert.deepEqual(named(world), [first], "the pack is missed still, and no entry");
    world.verify();
  }));

Deno.test("a pack that is cut off, swapped or another one's is named with the entries it hits", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const [first, second] = await twoPacks(world, keys);
    const [a, b] = [first, second].map((key) => world.store.current(key)!);
    const cases: [string, () => void][] = [
      ["cut off", () => alter(world, first, (body) => body.subarray(0, body.length - 100))],
      ["swapped", () => {
        world.store.objects.set(first, [{ ...b }]);
        world.store.objects.set(second, [{ ...a }]);
      }],
      ["foreign", () =>
        world.store.objects.set(first, [{
          body: new Uint8Array(a.body.length),
          head: { ...a.head, etag: "another" },
        }])],
    ];
    for (const [what, damage] of cases) {
      damage();
      const report = await check(world, { snapshots: true }, keys);
      assert.equal(report.exitCode, 5, what);
      assert.ok(named(world).includes(first) && named(world).includes("a"), what);
      assert.equal(named(world).includes("large"), what === "swapped", what);
      world.store.objects.set(first, [a]);
      world.store.objects.set(second, [b]);
      world.signals.length = 0;
      // Read, and found good: its entries are stored again without a byte sent.
      await check(world, { readData: 100 }, keys);
      const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
      await world.backup({ packs });
      assert.equal(packKeys(world).length, 2, what);
      world.signals.length = 0;
      assert.equal((await check(world, { snapshots: true }, keys)).exitCode, 0, what);
    }
    world.verify();
  }));

Deno.test("one damaged frame costs the entries in it, and no other", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    shell(world.source, "for i in 1 2 3 4; do head -c 1500000 /dev/urandom > $i; done");
    await world.backup({ packs });
    const [key] = packKeys(world);
    alter(world, key, flipped((length) => Math.floor(length * 0.4)));
    const report = await check(world, { readData: 100 });
    assert.deepEqual([report.exitCode, report.damaged], [5, 2]);
    assert.deepEqual(named(world), ["2", key]);
    await world.backup({ packs });
    assert.equal(packKeys(world).length, 2);
    world.signals.length = 0;
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(Object.keys(treeOf(to)).length, 4);
    world.verify();
  }));

Deno.test("what only a snapshot has of a damaged pack is named, and what is in two packs is not", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    world.write("a", "first");
    await world.backup({ packs });
    world.write("a", "second one");
    await world.backup({ packs });
    const [first] = world.events("PackStored").map(({ data }) => data.key);
    world.store.objects.delete(first);
    assert.equal((await check(world)).exitCode, 5);
    assert.deepEqual(named(world), ["a", first]);
    assert.ok(complaints(world).some((text) => text.includes("this snapshot cannot give it back")));
    forget(world, world.log.index.snapshots()[0].position);
    world.signals.length = 0;
    await check(world, { snapshots: true });
    assert.deepEqual(named(world), [first]);
    world.verify();
  }));

Deno.test("a pack index that is missing, damaged or another pack's is named", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const [first, second] = await twoPacks(world, keys);
    const [a, b] = [first, second].map((key) => world.store.current(indexKeyOf(key))!);
    world.store.objects.delete(indexKeyOf(first));
    assert.equal((await check(world, {}, keys)).exitCode, 5);
    assert.deepEqual(named(world), [indexKeyOf(first)]);
    for (
      const body of [
        b.body,
        a.body.subarray(0, 300),
        a.body.map((byte, i) => i === 400 ? byte ^ 1 : byte),
      ]
    ) {
      world.store.objects.set(indexKeyOf(first), [{ ...a, body }]);
      world.signals.length = 0;
      assert.equal((await check(world, { readData: 100 }, keys)).exitCode, 5);
      assert.deepEqual(named(world), [indexKeyOf(first)]);
    }
    assert.equal(world.log.index.unstoredTotals().entries, 0);
    world.verify();
  }));

Deno.test("encrypted packs are read with an identity only; exit code 12 before anything is done", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    await twoPacks(world, keys);
    const lists = world.store.count("list");
    await failsWith(check(world, { readData: 100 }), "key");
    await failsWith(check(world, { readData: 100 }, await testKeys()), "key");
    assert.equal(world.store.count("list"), lists);
    assert.equal((await check(world)).exitCode, 0, "without reading none is needed");
  }));

Deno.test("archived packs are not read, and counted; a few percent take those that waited longest", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    for (const name of ["a", "b", "c"]) {
      shell(world.source, `head -c 100000 /dev/urandom > ${name}`);
      await world.backup({ packs });
    }
    shell(world.source, "head -c 300000 /dev/urandom > d");
    await world.backup({ packs, storageClass: "DEEP_ARCHIVE" });
    const read: string[] = [];
    world.store.before = (operation, key) => {
      if (operation !== "get" || !key.startsWith("packs/")) return;
      read.push(key);
      if (world.store.current(key)!.head.storageClass === "DEEP_ARCHIVE") {
        throw failure("refused", "InvalidObjectState", key);
      }
    };
    const stored = world.events("PackStored").map(({ data }) => data.key);
    for (const key of stored.slice(0, 3)) {
      read.length = 0;
      const report = await check(world, { readData: 10 });
      assert.deepEqual([report.read.objects, report.read.archived], [1, 1]);
      assert.deepEqual([...new Set(read)], [key]);
    }
    read.length = 0;
    assert.equal((await check(world, { readData: 100 })).read.objects, 3);
    assert.equal(read.includes(stored[3]), false);
  }));

Deno.test("objects that no pack of the log is are counted, packs and indexes", () =>
  inWorld(async (world) => {
    await twoPacks(world);
    const other = `packs/00/${"0".repeat(32)}.tar.zst`;
    await world.store.put(other, new Uint8Array(7), {});
    await world.store.put(`.holdfast/index/00/${"0".repeat(32)}.idx.zst`, new Uint8Array(3), {});
    const report = await check(world);
    assert.equal(report.exitCode, 0);
    assert.deepEqual(report.unknown, { objects: 1, bytes: 7 });
    assert.equal(report.packs!.unknownIndexes, 1);
  }));

Deno.test("the index of a damaged pack is not called damaged for what cannot be compared with it", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const [, second] = await twoPacks(world, keys);
    // `c` comes first, in a frame with the first chunk, which ends before it: it has 4 MiB at most.
    alter(world, second, flipped((length) => length - (length >> 2)));
    assert.equal((await check(world, { readData: 100 }, keys)).exitCode, 5);
    assert.deepEqual(named(world), ["large", second]);
  }));

Deno.test("without an identity that opens it, nothing is recorded and nothing sent", () =>
  inWorld(async (world) => {
    await twoPacks(world, await testKeys());
    const { position } = world.log.head();
    const sent = world.store.count("put");
    await failsWith(check(world, { readData: 100 }), "key");
    await failsWith(check(world, { readData: 100 }, await testKeys()), "key");
    assert.deepEqual([world.log.head().position, world.store.count("put")], [position, sent]);
  }));

Deno.test("what one pack does not give is restored from another that has it, too", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const stored = await twoPacks(world, keys);
    const gone = stored.map((key) => [key, world.store.objects.get(key)!] as const);
    for (const [key] of gone) world.store.objects.delete(key);
    await check(world, {}, keys);
    const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
    await world.backup({ packs });
    for (const [key, versions] of gone) world.store.objects.set(key, versions);
    assert.equal((await check(world, { readData: 100 }, keys)).exitCode, 0);
    for (const key of stored) alter(world, key, flipped((length) => length >> 1));
    world.signals.length = 0;
    const to = `${world.folder}/back`;
    const report = await world.restore(to, { wanted: { kind: "head" }, opener: keys.opener });
    assert.deepEqual([report.exitCode, complaints(world)], [0, []]);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    const notices = world.signals.flatMap((one) => one.kind === "notice" ? [one.text] : []);
    assert.deepEqual(notices.length, 2, "each pack is named once");
    assert.match(notices[0], /is damaged: .* what another pack has, too, is read there/);
  }));
