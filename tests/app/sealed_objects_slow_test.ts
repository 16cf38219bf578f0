/** Renames objects, checkpoints and sidecars of a job that encrypts. */
import assert from "node:assert/strict";
import { placedTask } from "../../src/app/placed_task.ts";
import type { BodyCoding } from "../../src/app/stored_body.ts";
import { storeContext } from "../../src/app/store_entries.ts";
import { putMarker } from "../../src/app/store_marker.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { CHECKPOINTS_PREFIX } from "../../src/core/checkpoint.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { renamesKey } from "../../src/core/mirror/renames_record.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { folderOf, sha256 } from "../sqlite/log_fixture.ts";
import { statOf } from "../sqlite/small_log.ts";
import { bytesOf, failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { digestsAt, type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { failure, type MemoryStore } from "./memory_store.ts";
import { liveTree, rebuildFromObjects, renamesKeys, shipNow } from "./rebuilt_world.ts";
import { ageCodings, fakeCodings } from "./sealed_codings.ts";
import { forget, pruneStore } from "./upkeep.ts";

const keysBelow = ({ objects }: MemoryStore, prefix: string) =>
  [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();

const SIDECARS = ".holdfast/sidecars/";

function flipByte({ objects }: MemoryStore, key: string): void {
  const [{ body, head }] = objects.get(key)!.slice(-1);
  const bytes = body.slice();
  bytes[bytes.length - 1] ^= 1;
  objects.set(key, [{ body: bytes, head }]);
}

Deno.test("an index comes back from encrypted renames objects, with the identity and not without", () =>
  inWorld(async (world) => {
    const { recipients, both, wrong } = await ageCodings();
    for (let i = 0; i < 5; i++) world.write(`a/${i}`, `content ${i}`);
    await world.backup();
    await shipNow(world, recipients);
    Deno.renameSync(`${world.source}/a`, `${world.source}/b`);
    await world.backup({ renames: "alias", scan: { acceptDeletions: true } });
    await shipNow(world, recipients);
    const keys = renamesKeys(world);
    assert.equal(keys.length, 2);
    assert.ok(keys.every((key) => key.endsWith(".jsonl.zst.age")));
    const before = liveTree(world.log.index);
    for (const coding of [undefined, recipients, wrong]) {
      const error = await failsWith(rebuildFromObjects(world, coding && { coding }), "key");
      assert.match(`${error.message} ${error.hint}`, /--identity/);
    }
    await rebuildFromObjects(world, { coding: both });
    assert.deepEqual(liveTree(world.log.index), before);
    world.verify();
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("renames objects of before and after a change of encryption are read as one", () =>
  inWorld(async (world) => {
    const { both, reader } = fakeCodings();
    for (const [i, coding] of [undefined, both, reader].entries()) {
      world.write(`${i}`, `content ${i}`);
      Deno.chmodSync(`${world.source}/0`, 0o600 + i);
      await world.backup();
      await shipNow(world, coding);
    }
    assert.deepEqual(renamesKeys(world).map((key) => key.endsWith(".age")), [false, true, false]);
    const before = liveTree(world.log.index);
    const { missing } = await rebuildFromObjects(world, { coding: reader });
    assert.deepEqual(liveTree(world.log.index), before);
    assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
  }));

Deno.test("a damaged encrypted renames object is damage and no question of keys", () =>
  inWorld(async (world) => {
    const { recipients, wrong } = await ageCodings();
    world.write("a", "of a");
    await world.backup();
    await shipNow(world, recipients);
    flipByte(world.store, renamesKeys(world)[0]);
    const { missing } = await rebuildFromObjects(world, { coding: wrong });
    assert.match(missing.join("\n"), /the renames object .* is damaged/);
  }));

Deno.test("without an identity a renames object whose answer was lost is ours, another's is not", () =>
  inWorld(async (world) => {
    const { recipients, both } = await ageCodings();
    const { store } = world;
    world.write("a", "of a");
    await world.backup();
    store.after = (operation, key) => {
      if (operation === "put" && key.startsWith(".holdfast/renames/")) throw new Error("cut off");
    };
    await assert.rejects(shipNow(world, recipients), /cut off/);
    store.after = () => {};
    const [key] = renamesKeys(world);
    const first = store.current(key)!;
    assert.equal(await shipNow(world, recipients), 1);
    assert.deepEqual([renamesKeys(world), store.current(key)], [[key], first]);
    assert.equal(store.count("get"), 1, "repository.json alone");
    assert.equal(
      new TextDecoder().decode(await both.unpack(key, first.body)).split("\n").length,
      5,
    );
    Deno.chmodSync(`${world.source}/a`, 0o600);
    await world.backup();
    const { position } = world.log.head();
    const name = renamesKey(world.log.genesis.log, position, ".age");
    const { metadata } = store.current(key)!.head;
    await store.put(name, first.body, { metadata });
    await assert.rejects(shipNow(world, recipients), /the repository has another/);
  }));

/** As a backup stores it whose job encrypts: what fits no header goes into a sidecar. */
async function storeLink({ log, store, clock }: World, coding: BodyCoding): Promise<string> {
  const context = storeContext({
    ...{ log, run: "dd".repeat(16), clock, sha256, emit() {}, inPacks: false },
    signal: new AbortController().signal,
  }, {
    ...{ store, hashing: platformHashing, coding, owners: () => ({}), sources: new Map() },
    ...{ storageClass: "STANDARD", minArchiveSize: 0, partSize: 1 << 20, workers: 1 },
    ship: () => Promise.resolve(),
    stillOurs: () => Promise.resolve(),
  });
  const root = log.index.tables.findFolder(0, new Uint8Array(0))!;
  const row = log.index.tables.findEntry(root.id, bytesOf("link"))!;
  for (const key of keysBelow(store, SIDECARS)) store.objects.delete(key);
  await putMarker(context, placedTask(log.index, { isFolder: false, row }));
  return keysBelow(store, SIDECARS)[0];
}

Deno.test("a sidecar is encrypted as the rest, and read with the identity alone", () =>
  inWorld(async (world) => {
    const { recipients, both, wrong } = await ageCodings();
    const { store } = world;
    world.write("a", "of a");
    Deno.symlinkSync("target ".repeat(300), `${world.source}/link`);
    await world.backup();
    const before = liveTree(world.log.index);
    const key = await storeLink(world, recipients);
    assert.match(key, /\.json\.zst\.age$/);
    const { body, head } = store.current(key)!;
    assert.equal(head.metadata.sha256, platformHashing.sha256(body).toHex());
    for (const coding of [undefined, recipients, wrong]) {
      await failsWith(rebuildFromObjects(world, coding && { coding }), "key");
    }
    const { missing } = await rebuildFromObjects(world, { coding: both });
    assert.doesNotMatch(missing.join("\n"), /link|sidecar/);
    const after = liveTree(world.log.index);
    assert.equal(after.get("link"), before.get("link"));
    flipByte(store, key);
    const damaged = await rebuildFromObjects(world, { coding: wrong });
    assert.match(damaged.missing.join("\n"), /link is left alone: its sidecar is gone or damaged/);
  }));

Deno.test("prune deletes an encrypted sidecar with what it belongs to, and not before", () =>
  inWorld(async (world) => {
    const { store } = world;
    world.write("a", "of a");
    await world.backup();
    Deno.symlinkSync("target ".repeat(300), `${world.source}/link`);
    const { snapshot } = await world.backup();
    const [key] = keysBelow(store, SIDECARS);
    store.objects.set(`${key}.age`, store.objects.get(key)!);
    store.objects.delete(key);
    await pruneStore(world);
    assert.deepEqual(keysBelow(store, SIDECARS), [`${key}.age`]);
    Deno.removeSync(`${world.source}/link`);
    await world.backup({ scan: { acceptDeletions: true } });
    forget(world, snapshot);
    await pruneStore(world);
    assert.equal(store.current(`${key}.age`), undefined);
  }));

const files = (...names: string[]): AnyNewEvent => ({
  type: "EntriesObserved",
  data: {
    source: "",
    seen: "1700000002000000000",
    folders: [{
      path: "",
      entries: names.map((name, i) =>
        observedOfStat(name, "added", statOf("file", BigInt(i) + (1n << 60n), 7n), { links: 1 })
      ),
    }],
  },
});

const root = (): AnyNewEvent => {
  const entry = { ...observedOfStat("", "added", statOf("folder", 1n), {}), fs: "ext4:1" };
  const seen = "1700000002000000000";
  return {
    type: "EntriesObserved",
    data: { source: "", seen, folders: [{ path: "", entries: [entry] }] },
  };
};

/** A state of several objects. */
const large = (): AnyNewEvent[] => [
  root(),
  ...Array.from(
    { length: 7 },
    (_, batch) =>
      files(...Array.from({ length: 1000 }, (_, i) => `${"long name ".repeat(100)}${batch} ${i}`)),
  ),
];

const checkpointKeys = (store: MemoryStore) => keysBelow(store, CHECKPOINTS_PREFIX);

function loseSegments({ store }: Logs, position: number): void {
  for (const key of segmentKeys(store)) {
    if (Number(store.current(key)!.head.metadata.last) <= position) store.objects.delete(key);
  }
}

function verified({ log, file }: Machine): void {
  const replayer = sqliteReplayer(folderOf(file), sha256);
  const report = verifyLog(log, replayer, sha256, { chainOnly: false, emit() {} });
  assert.deepEqual(report.damage, []);
}

Deno.test("an encrypted checkpoint of several objects is begun at, with the identity alone", () =>
  withLogs(async (logs) => {
    const { recipients, both, wrong } = await ageCodings();
    const { store, first } = logs;
    first.coding = recipients;
    await first.run(large());
    const { position, key, objects } = await first.checkpoint();
    await first.run([files("later")]);
    const keys = checkpointKeys(store);
    assert.ok(objects > 1 && keys.length === objects && keys.includes(key));
    assert.ok(keys.every((one) => one.endsWith(".jsonl.zst.age")));
    loseSegments(logs, position);
    for (const coding of [undefined, recipients, wrong]) {
      await failsWith(logs.rebuild(coding && { coding }), "key");
    }
    const rebuilt = await logs.rebuild({ signer: first.signer, coding: both });
    const { report } = rebuilt;
    assert.equal(report.origins.checkpoint?.position, position);
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    verified(rebuilt);
    await rebuilt.run([files("last")]);
    verified(rebuilt);
    const [part] = keys.filter((one) => one.includes("-1."));
    flipByte(store, part);
    const without = await logs.rebuild({ coding: both });
    assert.equal(without.report.origins.checkpoint?.position, undefined);
    assert.match(without.report.missing.join("\n"), /-1.* is damaged: its body is not what was/);
  }));

Deno.test("without an identity a checkpoint whose answers were lost is gone on with", () =>
  withLogs(async (logs) => {
    const { recipients, both } = fakeCodings();
    const { store, first } = logs;
    first.coding = recipients;
    await first.run(large());
    const { objects } = await first.checkpoint();
    await first.run([files("more")]);
    // Each PUT of the next one has its effect, is not answered, and is sent again.
    store.after = (operation, key) => {
      if (operation !== "put" || !key.startsWith(CHECKPOINTS_PREFIX)) return;
      const { body, head } = store.current(key)!;
      const again = new Uint8Array([...body, 0]);
      const sha = platformHashing.sha256(again).toHex();
      store.objects.set(key, [{
        body: again,
        head: { ...head, metadata: { ...head.metadata, sha256: sha } },
      }]);
      throw failure("conflict", "PreconditionFailed", key);
    };
    const { position } = await first.checkpoint();
    store.after = () => {};
    await first.run();
    assert.equal(store.count("get"), 0);
    assert.equal(checkpointKeys(store).length, 2 * objects);
    loseSegments(logs, position);
    const digests = digestsAt(first, position);
    // What is there is another body than was sent: the header names it as it is.
    const { report } = await logs.rebuild({ coding: untrimmed(both) });
    assert.equal(report.origins.checkpoint?.position, position);
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    assert.ok(Object.keys(digests).length > 0);
  }));

/** Opens what has a byte too many. */
function untrimmed(coding: BodyCoding): BodyCoding {
  return {
    ...coding,
    open: (key, stored) =>
      coding.open(key, key.startsWith(CHECKPOINTS_PREFIX) ? stored.subarray(0, -1) : stored),
  };
}

Deno.test("an encrypted checkpoint of another machine's chain is not taken for ours", () =>
  withLogs(async (logs) => {
    const { recipients } = fakeCodings();
    const { store, first } = logs;
    first.coding = recipients;
    await first.run([root()]);
    store.before = async (operation, key) => {
      if (operation !== "put" || !key.startsWith(CHECKPOINTS_PREFIX)) return;
      store.before = () => {};
      const says = { position: "7", head: "x", sha256: "00".repeat(32) };
      await store.put(key, new Uint8Array(9), { metadata: says });
    };
    await failsWith(first.checkpoint(), "locked");
  }));
