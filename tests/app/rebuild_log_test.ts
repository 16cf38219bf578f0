import assert from "node:assert/strict";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { EXIT, exitCodeOf } from "../../src/core/exit_code.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { newPrivateKey, signerOf } from "../../src/crypto/signing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { folderOf, sha256 } from "../sqlite/log_fixture.ts";
import { statOf } from "../sqlite/small_log.ts";
import { failsWith } from "../stores/store_probes.ts";
import { digestsAt, type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";

const observed = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

/** A backup's events, a run each, so that there are several segments. */
async function shipped({ first }: Logs): Promise<void> {
  const seen = "1700000002000000000";
  const root = { ...observedOfStat("", "added", statOf("folder", 1n), {}), fs: "ext4:1" };
  const names = ["one", "two", "three"];
  const entries = names.map((name, i) =>
    observedOfStat(name, "added", statOf("file", BigInt(i), 7n), { links: 1 })
  );
  const folders = [{ path: "", entries: [root, ...entries] }];
  await first.run([{ type: "EntriesObserved", data: { source: "", seen, folders } }]);
  const [{ position: prev }] = first.log.lines({ type: "EntriesObserved" });
  const objects = names.map((name) => ({
    ...{ name, type: "file" as const, etag: "0123456789abcdef".repeat(2), version: `v-${name}` },
    ...{ size: "7", sha256: "11".repeat(32), prev },
  }));
  const stored = { source: "", class: "STANDARD", folders: [{ path: "", objects }] };
  await first.run([{ type: "ObjectsStored", data: stored }]);
  await first.run([observed("one")]);
}

function verified({ log, file }: Machine): void {
  const replayer = sqliteReplayer(folderOf(file), sha256);
  const report = verifyLog(log, replayer, sha256, { chainOnly: false, emit() {} });
  assert.deepEqual(report.damage, []);
}

const typesAfter = ({ log }: Machine, position: number) =>
  [...log.events({ from: position + 1 })].map(({ type }) => type);

Deno.test("rebuild with the key gives the log, equal projections, and goes on with it", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const { first } = logs;
    const rebuilt = await logs.rebuild({ signer: first.signer });
    const { report } = rebuilt;
    assert.equal(report.shipped.position, first.log.head().position - 1);
    assert.equal(report.shipped.hash, first.log.hashAt(report.shipped.position));
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    assert.equal(report.segments, segmentKeys(logs.store).length - 2);
    assert.deepEqual([report.way, report.writable, report.missing], ["segments", true, []]);
    assert.deepEqual(
      typesAfter(rebuilt, report.shipped.position),
      [
        ...["LogSegmentShipped", "RunStarted", "LogSegmentShipped", "IndexRebuilt", "RunFinished"],
        "LogSegmentShipped",
      ],
    );
    verified(rebuilt);
    await rebuilt.run([observed("later")]);
    verified(rebuilt);
    await failsWith(first.run(), "locked");
  }));

Deno.test("rebuild without the key appends and sends nothing", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const before = segmentKeys(logs.store);
    const rebuilt = await logs.rebuild();
    const { report, log } = rebuilt;
    assert.equal(report.writable, false);
    assert.equal(log.head().position, report.shipped.position);
    assert.deepEqual(segmentKeys(logs.store), before);
    assert.equal(logs.store.count("put"), before.length);
    verified(rebuilt);
    await logs.first.run();
  }));

Deno.test("a damaged or missing segment ends the prefix, and the report names it", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const { store, first } = logs;
    const keys = segmentKeys(store);
    const attacks: [name: string, RegExp, (key: string) => void][] = [
      ["no such object", /there is no log segment that begins with event/, (key) => {
        store.objects.delete(key);
      }],
      ["a flipped bit", /its body is not what was written/, (key) =>
        change(logs, key, (body) => {
          body[20] ^= 1;
        })],
      ["another head", /not signed by the log's key/, (key) =>
        change(logs, key, (_, metadata) => {
          metadata.head = metadata.previous;
        })],
      ["no metadata", /does not say what it holds/, (key) =>
        change(logs, key, (_, metadata) => {
          for (const name of Object.keys(metadata)) delete metadata[name];
        })],
      [
        "a foreign signature",
        /not signed by the log's key/,
        (key) =>
          change(logs, key, (_, metadata) => {
            metadata.signature = signerOf(newPrivateKey()).sign("holdfast-segment");
          }),
      ],
    ];
    for (const [name, message, attack] of attacks) {
      const key = keys[4];
      const kept = store.objects.get(key)!;
      const { metadata } = store.current(key)!.head;
      attack(key);
      const rebuilt = await logs.rebuild();
      const { shipped: end, missing, segments, digests } = rebuilt.report;
      assert.equal(end.position, Number(metadata.first) - 1, name);
      assert.equal(segments, 4);
      assert.match(missing[0], message, name);
      assert.match(missing[0], new RegExp(`events from ${metadata.first} on are not in the index`));
      assert.deepEqual(digests, digestsAt(first, end.position));
      verified(rebuilt);
      store.objects.set(key, kept);
    }
  }));

type Changed = (body: Uint8Array, metadata: Record<string, string>) => void;

function change({ store }: Logs, key: string, work: Changed): void {
  const { body, head } = store.current(key)!;
  const [bytes, metadata] = [body.slice(), { ...head.metadata }];
  work(bytes, metadata);
  store.objects.set(key, [{ body: bytes, head: { ...head, metadata } }]);
}

Deno.test("rebuild with the key and a hole in the log begins a new log behind the hole", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const { store, first } = logs;
    const keys = segmentKeys(store);
    store.objects.delete(keys[4]);
    const rebuilt = await logs.rebuild({ signer: first.signer });
    const parts = rebuilt.log.logs();
    assert.equal(parts.length, 2);
    const lastOne = Number(store.current(keys.at(-1)!)!.head.metadata.last);
    assert.equal(parts[1].first, lastOne + 1);
    assert.equal(parts[1].genesis.parent!.position, rebuilt.report.shipped.position);
    verified(rebuilt);
    await rebuilt.run([observed("later")]);
    await failsWith(first.run(), "locked");
    const again = await logs.rebuild({ signer: first.signer });
    assert.equal(again.log.hashAt(lastOne + 3), rebuilt.log.hashAt(lastOne + 3));
    assert.equal(again.log.genesis.log, rebuilt.log.genesis.log);
    assert.equal(again.report.missing.length, 1);
    verified(again);
  }));

Deno.test("what is adopted goes into a log of its own, behind every position that was seen", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const { first } = logs;
    const adopt = (next: number) => () =>
      Promise.resolve({
        next,
        append(log: Machine["log"], run: string) {
          log.append(run, [observed("adopted")]);
          const origins = { metadata: { objects: 1, entries: 1 } };
          return Promise.resolve({
            ...{ objects: 1, records: 0, origins, missing: ["one record"], unknown: [] },
          });
        },
      });
    const keyless = await logs.rebuild({ adopt: adopt(1000) });
    assert.equal(keyless.log.logs()[1].first, 1000);
    assert.deepEqual(typesAfter(keyless, 999), [
      ...["RunStarted", "ObjectMissing", "IndexRebuilt", "RunFinished"],
    ]);
    assert.deepEqual([keyless.report.way, keyless.report.objects], ["mixed", 1]);
    assert.equal(segmentKeys(logs.store, keyless.log.genesis.log).length, 0);
    verified(keyless);
    const own = await logs.rebuild({ signer: first.signer, adopt: adopt(1000) });
    assert.ok(segmentKeys(logs.store, own.log.genesis.log).length > 0);
    const again = await logs.rebuild();
    assert.equal(again.log.genesis.log, own.log.genesis.log);
    verified(again);
    await failsWith(keyless.takeOver(), "locked");
  }));

Deno.test("with no segment at all the index is empty and the new log follows the first genesis", () =>
  withLogs(async (logs) => {
    const rebuilt = await logs.rebuild();
    assert.deepEqual([rebuilt.report.segments, rebuilt.log.head().position], [0, 0]);
    const report = await rebuilt.takeOver();
    assert.equal(report.position, 0);
    verified(rebuilt);
    await failsWith(logs.first.run(), "locked");
  }));

Deno.test("takeover closes the log; its old writer stops and is told who has it now", () =>
  withLogs(async (logs) => {
    await shipped(logs);
    const { first } = logs;
    const rebuilt = await logs.rebuild({ host: "laptop" });
    const { position, log } = await rebuilt.takeOver();
    assert.equal(position, rebuilt.report.shipped.position);
    assert.deepEqual(typesAfter(rebuilt, position).slice(0, 2), ["TakenOver", "RunStarted"]);
    verified(rebuilt);
    const before = first.log.head();
    const error = await failsWith(first.run(), "locked");
    assert.match(error.message, new RegExp(`taken over by laptop: its log goes on as ${log}`));
    assert.equal(exitCodeOf("locked"), EXIT.locked);
    assert.deepEqual(first.log.head(), before);
    await rebuilt.run([observed("a")]);
    const again = await logs.rebuild({ signer: rebuilt.signer });
    assert.equal(again.log.genesis.log, log);
    assert.deepEqual(again.report.digests, digestsAt(rebuilt, again.report.shipped.position));
    verified(again);
  }));

Deno.test("takeover cut off at any request is finished by the next one", async () => {
  for (let last = 1;; last++) {
    let finished = false;
    await withLogs(async (logs) => {
      await logs.first.run([observed("a")]);
      const rebuilt = await logs.rebuild({ host: "laptop" });
      for (const when of ["before", "after"] as const) {
        let requests = 0;
        logs.store[when] = () => {
          if (++requests >= last) throw new Error("killed");
        };
        finished = await rebuilt.takeOver().then(() => true, () => false);
        logs.store[when] = () => {};
      }
      const { log } = await rebuilt.takeOver();
      verified(rebuilt);
      const again = await logs.rebuild();
      assert.equal(again.log.genesis.log, log);
      assert.equal([...again.log.lines({ type: "TakenOver" })].length, 1);
      await failsWith(logs.first.run(), "locked");
    });
    if (finished) break;
  }
});

Deno.test("a log that was closed and has no event yet is rebuilt, and can be taken over again", () =>
  withLogs(async (logs) => {
    await logs.first.run([observed("a")]);
    const one = await logs.rebuild({ host: "one" });
    logs.store.after = (operation) => {
      if (operation === "put") throw new Error("killed");
    };
    await assert.rejects(one.takeOver());
    logs.store.after = () => {};
    const two = await logs.rebuild({ host: "two" });
    assert.equal(two.log.genesis.log, one.log.genesis.log);
    await two.takeOver();
    await two.run([observed("b")]);
    verified(two);
    const three = await logs.rebuild();
    assert.equal(three.log.genesis.log, two.log.genesis.log);
    verified(three);
    await failsWith(one.takeOver(), "locked");
  }));

Deno.test("of two machines that take over at once one wins", () =>
  withLogs(async (logs) => {
    await logs.first.run();
    const one = await logs.rebuild({ host: "one" });
    const two = await logs.rebuild({ host: "two" });
    const outcomes = await Promise.allSettled([one.takeOver(), two.takeOver()]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const again = await logs.rebuild();
    const winner = outcomes[0].status === "fulfilled" ? one : two;
    assert.equal(again.log.genesis.log, winner.log.genesis.log);
  }));

Deno.test("takeover of a log that went on meanwhile is refused", () =>
  withLogs(async (logs) => {
    await logs.first.run();
    const rebuilt = await logs.rebuild({ host: "laptop" });
    await logs.first.run([observed("late")]);
    const error = await failsWith(rebuilt.takeOver(), "locked");
    assert.match(error.message, /it went on after event/);
    await logs.first.run();
  }));
