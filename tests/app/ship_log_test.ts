import assert from "node:assert/strict";
import { zstdDecompressSync } from "node:zlib";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { segmentKey } from "../../src/core/log_segment.ts";
import { verifySignature } from "../../src/crypto/signing.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { openFolderStore } from "../../src/stores/folder/folder_store.ts";
import { GENESIS } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { failure } from "./memory_store.ts";

const observed = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "x".repeat(20) },
});

const types = (machine: Machine) => [...machine.log.events()].map(({ type }) => type);

const lastKey = ({ store }: Logs) => segmentKeys(store).at(-1)!;

Deno.test("a run is four requests: the log's LIST and a segment before and after its work", () =>
  withLogs(async ({ store, first }) => {
    await first.run();
    store.requests.length = 0;
    await first.run();
    assert.deepEqual(store.requests.map(({ operation }) => operation), ["list", "put", "put"]);
    assert.deepEqual(types(first).slice(-5), [
      ...["LogSegmentShipped", "RunStarted", "LogSegmentShipped", "RunFinished"],
      "LogSegmentShipped",
    ]);
  }));

Deno.test("segments hold the log's lines, chained and signed, named by their first position", () =>
  withLogs(async ({ store, first }) => {
    await first.run([observed("a")]);
    await first.run();
    let lines = "";
    let previous = first.log.hashBefore(1)!;
    let next = 1;
    for (const key of segmentKeys(store)) {
      const { body, head } = store.current(key)!;
      const { metadata, storageClass } = head;
      assert.equal(key, segmentKey(GENESIS.log, next));
      assert.equal(Number(metadata.first), next);
      assert.equal(metadata.previous, previous);
      assert.equal(metadata.head, first.log.hashAt(Number(metadata.last)));
      assert.equal(metadata.sha256, platformHashing.sha256(body).toHex());
      assert.equal(storageClass, "STANDARD");
      const signed = ["holdfast-segment", GENESIS.log, next, metadata.last, metadata.head];
      const { key: publicKey } = first.signer;
      assert.ok(verifySignature(publicKey, signed.join("\n"), metadata.signature));
      assert.ok(!verifySignature(publicKey, signed.join("\n") + "0", metadata.signature));
      lines += zstdDecompressSync(body).toString();
      [previous, next] = [metadata.head, Number(metadata.last) + 1];
    }
    const decoder = new TextDecoder();
    const own = [...first.log.lines({ to: next - 1 })].map(({ line }) =>
      `${decoder.decode(line)}\n`
    );
    assert.equal(lines, own.join(""));
  }));

Deno.test("a large log goes in several segments, none above 8 MiB of lines", () =>
  withLogs(async ({ store, first }) => {
    const long = (i: number): AnyNewEvent => ({
      type: "ObjectMissing",
      data: { source: "", path: "p", key: "k", reason: `${i}`.repeat(90_000) },
    });
    await first.run(Array.from({ length: 60 }, (_, i) => long(i + 10)));
    const sizes = segmentKeys(store).map((key) =>
      zstdDecompressSync(store.current(key)!.body).length
    );
    assert.ok(sizes.length > 2);
    assert.ok(Math.max(...sizes) <= 8 * 1024 * 1024, `${sizes}`);
  }));

Deno.test("a store that is away leaves the run's outcome, and the next run ships all", () =>
  withLogs(async ({ store, first }) => {
    await first.run();
    let puts = 0;
    store.before = (operation, key) => {
      if (operation === "put" && ++puts === 2) throw failure("unreachable", "Timeout", key);
    };
    await first.run([observed("a")]);
    assert.match(JSON.stringify(first.signals), /the next run ships it/);
    assert.equal(types(first).at(-1), "RunFinished");
    store.before = () => {};
    await first.run();
    assert.equal(first.log.index.lastSegment(GENESIS.log)!.last, first.log.head().position - 1);
  }));

Deno.test("a run that fails ships its end, and a failing shipment hides nothing", () =>
  withLogs(async ({ store, first }) => {
    const failing = new Error("the work's own");
    const events = () => {
      throw failing;
    };
    const work = first.run(events as never);
    await assert.rejects(work, failing);
    assert.equal(types(first).at(-1), "LogSegmentShipped");
    store.before = (operation, key) => {
      if (operation === "put" && first.log.head().position > 6) {
        throw failure("unreachable", "Timeout", key);
      }
    };
    await assert.rejects(first.run(events as never), /Timeout|own/);
  }));

for (const lost of [1, 2]) {
  Deno.test(`a lost answer to PUT ${lost} of a run is found to be our own`, () =>
    withLogs(async (logs) => {
      const { store, first } = logs;
      await first.run();
      let puts = 0;
      store.after = (operation, key) => {
        if (operation === "put" && ++puts === lost) throw failure("unreachable", "Timeout", key);
      };
      await first.run().catch(() => {});
      store.after = () => {};
      await first.run();
      await first.run();
      const firsts = segmentKeys(store).map((key) =>
        Number(store.current(key)!.head.metadata.first)
      );
      const lasts = segmentKeys(store).map((key) => Number(store.current(key)!.head.metadata.last));
      assert.deepEqual(firsts.slice(1), lasts.slice(0, -1).map((last) => last + 1));
      assert.equal(first.log.index.lastSegment(GENESIS.log)!.key, lastKey(logs));
    }));
}

Deno.test("a 412 on our own PUT within the run is recorded, and shipping goes on behind it", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    await first.run();
    store.after = async (operation, key) => {
      if (operation !== "put") return;
      store.after = () => {};
      // The client repeats the request whose answer was lost.
      await store.put(key, new Uint8Array(0), { ifNoneMatch: true });
    };
    await first.run([observed("a")]);
    assert.equal(first.log.index.lastSegment(GENESIS.log)!.key, lastKey(logs));
  }));

Deno.test("two writers of one log: one wins, the other stops with exit code 11, nothing is lost", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    await first.run();
    const other = logs.copyOf(first);
    let held = false;
    store.before = async (operation) => {
      if (operation !== "put" || held) return;
      held = true;
      // While the first one's PUT is on its way, the other one's run passes it by.
      await other.run([observed("other")]);
    };
    const error = await failsWith(first.run([observed("mine")]), "locked");
    assert.match(error.hint!, /takeover/);
    const rebuilt = await logs.rebuild({ signer: first.signer });
    const names = [...rebuilt.log.events({ type: "ObjectMissing" })].map(({ data }) =>
      "path" in data ? data.path : ""
    );
    assert.deepEqual(names, ["other"]);
    await failsWith(first.run(), "locked");
  }));

Deno.test("two writers racing over a folder store: one wins, whichever it is", () =>
  withLogs(async (logs) => {
    const { first, folder } = logs;
    const { clock, random } = first.environment;
    Deno.mkdirSync(`${folder}/store`);
    const place = { clock, random, hostname: "desk", pid: 1, create: true };
    const store = openFolderStore(`${folder}/store`, place);
    await first.run([], store);
    const other = logs.copyOf(first, "laptop");
    const runs = [first.run([observed("a")], store), other.run([observed("b")], store)];
    const outcomes = await Promise.allSettled(runs);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const [winner, loser] = outcomes[0].status === "fulfilled" ? [first, other] : [other, first];
    await failsWith(loser.run([], store), "locked");
    await winner.run([observed("c")], store);
    const shipped = winner.log.index.segments("segment");
    for (const { key, head } of shipped) {
      assert.equal((await store.head(key))?.metadata.head, head);
    }
    store.close();
  }));

Deno.test("a database behind the repository goes on from there, where its own host wrote it", () =>
  withLogs(async (logs) => {
    const { first } = logs;
    await first.run();
    const old = logs.copyOf(first);
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    await old.run([observed("c")]);
    const mine = [...first.log.lines()].map(({ hash }) => hash);
    const theirs = [...old.log.lines({ to: mine.length - 1 })].map(({ hash }) => hash);
    assert.deepEqual(theirs, mine.slice(0, -1));
    assert.match(JSON.stringify(old.signals), /events came from the repository/);
    // What the first one has not shipped, the record of its last segment, has another successor now.
    await failsWith(first.run(), "locked");
  }));

Deno.test("a copy taken within a segment goes on from the middle of it", () =>
  withLogs(async (logs) => {
    const { first } = logs;
    await first.run();
    first.log.append("ab".repeat(16), [observed("a")]);
    const old = logs.copyOf(first);
    first.log.append("ab".repeat(16), [observed("b")]);
    await first.run();
    await old.run();
    assert.equal(old.log.hashAt(8), first.log.hashAt(8));
  }));

Deno.test("another host's run, or one without an end, is not gone on from", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await first.run();
    const old = logs.copyOf(first);
    const elsewhere = logs.copyOf(first, "laptop");
    await elsewhere.run();
    const error = await failsWith(old.run(), "locked");
    assert.match(error.message, /the host laptop has written it since/);
    assert.equal(old.log.head().position, 4);
    store.objects.delete(segmentKeys(store).at(-1)!);
    store.objects.delete(segmentKeys(store).at(-1)!);
    const third = logs.copyOf(old);
    store.before = (operation, key) => {
      if (operation === "put" && third.log.head().position > 6) throw failure("denied", "x", key);
    };
    await third.run();
    store.before = () => {};
    const open = await failsWith(old.run(), "locked");
    assert.match(open.message, /has no end yet/);
  }));

Deno.test("a store that ignores If-None-Match is looked at before each PUT", () =>
  withLogs(async (logs) => {
    const { first } = logs;
    const ignoring = { works: false, reason: "ignored" } as const;
    const store = logs.store.withFeatures({ ...logs.store.features, conditionalPut: ignoring });
    await first.run([], store);
    const other = logs.copyOf(first);
    let held = false;
    logs.store.before = async (operation) => {
      if (operation !== "head" || held) return;
      held = true;
      await other.run([observed("other")], store);
    };
    await failsWith(first.run([observed("mine")], store), "locked");
  }));

Deno.test("segments that the repository has lost are put back as they were", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const keys = segmentKeys(store);
    const lost = [keys[0], keys[2]].map((key) => ({ key, kept: store.objects.get(key)! }));
    for (const { key } of lost) store.objects.delete(key);
    assert.equal(await first.reshipLost(), 2);
    for (const { key, kept } of lost) {
      const [before, after] = [kept.at(-1)!, store.current(key)!];
      assert.deepEqual(after.body, before.body);
      assert.deepEqual(after.head.metadata, before.head.metadata);
    }
    assert.deepEqual((await logs.rebuild()).report.missing, []);
  }));
