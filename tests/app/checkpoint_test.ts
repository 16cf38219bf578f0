import assert from "node:assert/strict";
import { openState } from "../../src/app/read_state.ts";
import { replayAndCompare } from "../../src/app/replay_log.ts";
import { probesOf } from "../../src/app/store_probes.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { CHECKPOINTS_PREFIX, checkpointText } from "../../src/core/checkpoint.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf } from "../../src/crypto/signing.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { folderOf, sha256, tickingClock } from "../sqlite/log_fixture.ts";
import { statOf } from "../sqlite/small_log.ts";
import { failsWith } from "../stores/store_probes.ts";
import { digestsAt, type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { failure, type MemoryStore } from "./memory_store.ts";

const noted = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

const SEEN = "1700000002000000000";

function rootSeen(): AnyNewEvent {
  const root = { ...observedOfStat("", "added", statOf("folder", 1n), {}), fs: "ext4:1" };
  return seen([root]);
}

function seen(entries: ReturnType<typeof observedOfStat>[]): AnyNewEvent {
  return {
    type: "EntriesObserved",
    data: { source: "", seen: SEEN, folders: [{ path: "", entries }] },
  };
}

const files = (...names: string[]): AnyNewEvent =>
  seen(
    names.map((name, i) =>
      observedOfStat(name, "added", statOf("file", BigInt(i) + (1n << 60n), 7n), { links: 1 })
    ),
  );

const snapshot: AnyNewEvent = {
  type: "SnapshotCreated",
  data: { sources: [], entries: "3", bytes: "21" },
};

/** Two runs, a checkpoint, and a run behind it. Returns the checkpoint's position. */
async function withCheckpoint({ first }: Logs): Promise<number> {
  await first.run([rootSeen(), files("one", "two")]);
  await first.run([files("three"), snapshot]);
  const { position } = await first.checkpoint();
  await first.run([files("four")]);
  return position;
}

function loseBefore(store: MemoryStore, position: number): void {
  for (const key of segmentKeys(store)) {
    if (Number(store.current(key)!.head.metadata.last) <= position) store.objects.delete(key);
  }
}

function verified({ log, file }: Machine) {
  const report = verifyLog(log, replayerOf(file), sha256, { chainOnly: false, emit() {} });
  assert.deepEqual(report.damage, []);
  return report;
}

const replayerOf = (file: string) => sqliteReplayer(folderOf(file), sha256);

const checkpointKeys = (store: MemoryStore) =>
  [...store.objects.keys()].filter((key) => key.startsWith(CHECKPOINTS_PREFIX)).sort();

const namesIn = ({ log }: Machine, position: number): string[] => {
  const state = openState(log, replayerOf(log.file), { kind: "position", position }, () => {});
  try {
    const decoder = new TextDecoder();
    const root = state.index.tables.findFolder(0, new Uint8Array(0))!;
    return [...state.index.tables.entriesIn(root.id)].map(({ name }) => decoder.decode(name));
  } finally {
    state.close();
  }
};

Deno.test("with the early segments gone, rebuild begins at the checkpoint and has all behind it", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    loseBefore(store, position);
    const rebuilt = await logs.rebuild({ signer: first.signer });
    const { report, log } = rebuilt;
    assert.equal(report.origins.checkpoint?.position, position);
    assert.equal(report.shipped.position, first.log.head().position - 1);
    assert.equal(report.shipped.hash, first.log.hashAt(report.shipped.position));
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    assert.equal(report.missing.length, 1);
    assert.match(
      report.missing[0],
      /no log segment that begins with event 1: the index is that of/,
    );
    assert.equal(log.hashAt(position), first.log.hashAt(position));
    const { from, checkpoint } = verified(rebuilt);
    assert.deepEqual([from, checkpoint], [position, position]);
    await rebuilt.run([files("five")]);
    verified(rebuilt);
    assert.equal(log.index.lastSegment(log.genesis.log)!.last, log.head().position - 1);
    const again = await logs.rebuild({ signer: first.signer });
    assert.deepEqual(again.report.digests, digestsAt(rebuilt, again.report.shipped.position));
    await failsWith(first.run(), "locked");
  }));

Deno.test("states before the checkpoint are gone, and say so; those behind it can be had", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    const [{ position: taken }] = first.log.index.snapshots();
    loseBefore(store, position);
    const rebuilt = await logs.rebuild();
    const { log } = rebuilt;
    assert.deepEqual(namesIn(rebuilt, log.head().position), ["four", "one", "three", "two"]);
    for (const at of [position, taken]) {
      assert.deepEqual(namesIn(rebuilt, at), ["one", "three", "two"], `${at}`);
    }
    assert.throws(() => namesIn(rebuilt, log.base!.since - 1), {
      kind: "gone",
      message: /history before position \d+ is not on this machine/,
    });
    const old = { kind: "time", time: 0 } as const;
    assert.throws(() => openState(log, replayerOf(log.file), old, () => {}), { kind: "gone" });
    const live = replayerOf(log.file).digests(log);
    const replayed = replayAndCompare(log, replayerOf(log.file), () => {});
    assert.deepEqual([replayed.differed, replayed.digests], [[], live]);
    verified(rebuilt);
  }));

Deno.test("with no segment at all the checkpoint alone gives the index, and the log goes on", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    for (const key of segmentKeys(store)) store.objects.delete(key);
    const rebuilt = await logs.rebuild({ signer: first.signer });
    assert.equal(rebuilt.report.shipped.position, position);
    assert.deepEqual(rebuilt.report.digests, digestsAt(first, position));
    verified(rebuilt);
    await rebuilt.run([noted("later")]);
    assert.equal(await rebuilt.reshipLost(), 0);
    const again = await logs.rebuild();
    assert.deepEqual(again.report.digests, digestsAt(rebuilt, again.report.shipped.position));
    verified(again);
  }));

Deno.test("with the segments whole, rebuild does not look into checkpoints", () =>
  withLogs(async (logs) => {
    await withCheckpoint(logs);
    const rebuilt = await logs.rebuild();
    assert.deepEqual([rebuilt.report.origins.checkpoint?.position, rebuilt.report.missing], [
      undefined,
      [],
    ]);
    const { checkpoint, from } = verified(rebuilt);
    assert.deepEqual([checkpoint, from], [checkpointPosition(logs.first), 0]);
    const gets = logs.store.requests.filter(({ operation, key }) =>
      operation === "get" && key.startsWith(CHECKPOINTS_PREFIX)
    );
    assert.equal(gets.length, 0);
  }));

function checkpointPosition({ log }: Machine): number {
  const [event] = [...log.events({ type: "LogCheckpointed" })].slice(-1);
  return (event.data as { position: number }).position;
}

Deno.test("a checkpoint that is not what was written is named, and the one before it is used", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const before = await withCheckpoint(logs);
    const after = (await first.checkpoint()).position;
    await first.run();
    loseBefore(store, after);
    const key = checkpointKeys(store).at(-1)!;
    const kept = store.objects.get(key)!;
    const other = signerOf(newPrivateKey());
    const attacks: [RegExp, (body: Uint8Array, metadata: Record<string, string>) => void][] = [
      [/its body is not what was written/, (body) => void (body[30] ^= 1)],
      [/not signed by the log's key/, (_, says) => void (says.signature = other.sign("x"))],
      [/header is not what was written/, (_, says) => void (says.head = says.header)],
      [/does not say what it holds/, (_, says) => void (says.position = "7")],
    ];
    for (const [message, attack] of attacks) {
      const { body, head } = store.current(key)!;
      const [bytes, metadata] = [body.slice(), { ...head.metadata }];
      attack(bytes, metadata);
      store.objects.set(key, [{ body: bytes, head: { ...head, metadata } }]);
      const { report } = await logs.rebuild();
      assert.equal(report.origins.checkpoint?.position, before);
      assert.equal(report.shipped.position, before);
      assert.match(report.missing[1], message);
      assert.deepEqual(report.digests, digestsAt(first, before));
      store.objects.set(key, kept);
    }
    assert.equal((await logs.rebuild()).report.origins.checkpoint?.position, after);
    for (const one of checkpointKeys(store)) store.objects.delete(one);
    const { report } = await logs.rebuild();
    assert.deepEqual([report.origins.checkpoint?.position, report.shipped.position], [
      undefined,
      0,
    ]);
  }));

Deno.test("a checkpoint that somebody else has signed for a log of their own is refused", () =>
  withLogs(async (logs) => {
    const { store } = logs;
    const position = await withCheckpoint(logs);
    loseBefore(store, position);
    const stranger = signerOf(newPrivateKey());
    const [key] = checkpointKeys(store);
    const { body, head } = store.current(key)!;
    const text = new TextDecoder().decode(platformHashing.decompress(body));
    const [line] = text.split("\n");
    const theirs = line.replace(/"key":"[0-9a-f]{64}"/, `"key":"${stranger.key}"`);
    const changed = platformHashing.compress(new TextEncoder().encode(text.replace(line, theirs)));
    const header = hex(sha256(theirs));
    const name = { log: logs.first.log.genesis.log, position };
    const metadata = {
      ...{ ...head.metadata, header, sha256: hex(sha256(changed)) },
      signature: stranger.sign(checkpointText(name, { head: head.metadata.head, header })),
    };
    store.objects.set(key, [{ body: changed, head: { ...head, metadata } }]);
    const { report } = await logs.rebuild();
    assert.equal(report.origins.checkpoint?.position, undefined);
    assert.match(report.missing.at(-1)!, /its log does not go on from that of this job/);
  }));

Deno.test("a checkpoint of a log that has taken over stands for the logs before it", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await withCheckpoint(logs);
    const laptop = await logs.rebuild({ host: "laptop" });
    await laptop.takeOver();
    await laptop.run([files("five")]);
    const { position } = await laptop.checkpoint();
    await laptop.run([files("six")]);
    for (const key of segmentKeys(store, first.log.genesis.log)) store.objects.delete(key);
    const rebuilt = await logs.rebuild({ signer: laptop.signer });
    assert.equal(rebuilt.report.origins.checkpoint?.position, position);
    assert.equal(rebuilt.log.genesis.log, laptop.log.genesis.log);
    assert.equal(rebuilt.log.logs().length, 2);
    assert.deepEqual(rebuilt.report.digests, digestsAt(laptop, rebuilt.report.shipped.position));
    assert.match(JSON.stringify(rebuilt.signals), /the log was taken over at position/);
    verified(rebuilt);
    await rebuilt.run();
    verified(rebuilt);
    const third = await logs.rebuild({ host: "third" });
    await third.takeOver();
    verified(third);
    await failsWith(rebuilt.run(), "locked");
  }));

Deno.test("a large state goes in several objects, each of a bounded size", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const many = (batch: number) =>
      files(...Array.from({ length: 1000 }, (_, i) => `${"long name ".repeat(100)}${batch} ${i}`));
    await first.run([rootSeen(), ...Array.from({ length: 7 }, (_, i) => many(i))]);
    const { position, objects } = await first.checkpoint();
    assert.ok(objects > 1);
    assert.equal(checkpointKeys(store).length, objects);
    loseBefore(store, position);
    const { report } = await logs.rebuild();
    assert.equal(report.origins.checkpoint?.position, position);
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    const [part] = checkpointKeys(store).filter((key) => key.includes("-1."));
    store.objects.delete(part);
    const without = await logs.rebuild();
    assert.equal(without.report.origins.checkpoint?.position, undefined);
  }));

Deno.test("a checkpoint is written where enough was shipped, and a small job never has one", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await first.run([rootSeen()]);
    store.requests.length = 0;
    await first.checkpointIfDue();
    assert.equal(store.requests.length, 0);
    const shipped = (counts: { entries?: number; bytes?: number }): AnyNewEvent => {
      const place = { log: first.log.genesis.log, key: "k", first: 0, last: 0, head: "" };
      return { type: "LogSegmentShipped", data: { ...place, ...counts } };
    };
    for (const counts of [{ entries: 1_000_000 }, { bytes: 64 * 1024 * 1024 }]) {
      const before = checkpointKeys(store).length;
      await first.run([shipped(counts)]);
      await first.checkpointIfDue();
      assert.equal(checkpointKeys(store).length, before + 1);
      await first.run();
      await first.checkpointIfDue();
      assert.equal(checkpointKeys(store).length, before + 1);
    }
    await first.run([shipped({ entries: 2_000_000 })]);
    store.before = (operation, key) => {
      if (operation === "put") throw failure("unreachable", "Timeout", key);
    };
    await first.checkpointIfDue();
    assert.match(JSON.stringify(first.signals), /no checkpoint was written: Timeout/);
  }));

Deno.test("what the store was found to do is known behind a checkpoint, too", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const features = { conditionalPut: "it ignores conditions", versions: "yes" };
    const probed: AnyNewEvent = { type: "StoreProbed", data: { url: "s3://b", features } };
    await first.run([rootSeen(), probed]);
    const { position } = await first.checkpoint();
    loseBefore(store, position);
    const rebuilt = await logs.rebuild({ signer: first.signer });
    const known = ({ log }: Machine) => [...probesOf(log)].map(({ data }) => data.features);
    assert.deepEqual(known(rebuilt), [features]);
    const next = await rebuilt.checkpoint();
    loseBefore(store, next.position);
    assert.deepEqual(known(await logs.rebuild()), [features]);
  }));

Deno.test("segments say how many entries they are about, and their bytes", () =>
  withLogs(async ({ first, store }) => {
    await first.run([rootSeen(), files("one", "two")]);
    const shipped = [...first.log.events({ type: "LogSegmentShipped" })].map(({ data }) =>
      data as { key: string; entries: number; bytes: number }
    );
    assert.deepEqual(shipped.map(({ entries }) => entries), [0, 3]);
    for (const { key, bytes } of shipped) assert.equal(bytes, store.current(key)!.body.length);
  }));

for (const when of ["before", "after"] as const) {
  Deno.test(`a checkpoint cut off ${when} any request leaves a log that goes on and comes back`, async () => {
    for (let last = 1;; last++) {
      let finished = false;
      await withLogs(async (logs) => {
        const { first, store } = logs;
        await first.run([rootSeen(), files("one")]);
        let requests = 0;
        store[when] = () => {
          if (++requests === last) throw new Error("killed");
        };
        finished = await first.checkpoint().then(() => true, () => false);
        store[when] = () => {};
        await first.run([files("two")]);
        const { position } = await first.checkpoint();
        await first.run();
        verified(first);
        const whole = await logs.rebuild();
        assert.deepEqual(whole.report.missing, []);
        loseBefore(store, position);
        const rebuilt = await logs.rebuild();
        assert.deepEqual(rebuilt.report.digests, digestsAt(first, rebuilt.report.shipped.position));
      });
      if (finished) break;
    }
  });
}

Deno.test("what a restore appends while a checkpoint is made is not in it half", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await first.run([rootSeen(), files("one")]);
    const restore = openJobLog(first.file, { clock: tickingClock(), sha256 }, { mode: "write" });
    let left = 3;
    store.after = (operation) => {
      if (operation === "put" && left-- > 0) restore.append("cd".repeat(16), [noted(`${left}`)]);
    };
    const { position } = await first.checkpoint();
    restore.close();
    store.after = () => {};
    assert.equal(left < 0, true);
    await first.run();
    assert.equal(verified(first).checkpoint, position);
    loseBefore(store, position);
    const rebuilt = await logs.rebuild();
    assert.deepEqual(rebuilt.report.digests, digestsAt(first, rebuilt.report.shipped.position));
  }));

Deno.test("verify names a checkpoint whose digests the events do not give", () =>
  withLogs(async ({ first }) => {
    await first.run([rootSeen()]);
    const { position } = await first.checkpoint();
    assert.equal(verified(first).checkpoint, position);
    const [event] = [...first.log.events({ type: "LogCheckpointed" })];
    const data = event.data as Extract<AnyNewEvent, { type: "LogCheckpointed" }>["data"];
    const digests = { ...data.digests, entries: "00".repeat(32) };
    first.log.append("cd".repeat(16), [{ type: "LogCheckpointed", data: { ...data, digests } }]);
    const report = verifyLog(first.log, replayerOf(first.file), sha256, {
      ...{ chainOnly: false, emit() {} },
    });
    assert.match(report.damage[0], /checkpoint at position \d+ does not follow .* its entries are/);
  }));
