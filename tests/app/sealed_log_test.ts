import assert from "node:assert/strict";
import { readRepository } from "../../src/app/read_repository.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { HoldfastError } from "../../src/core/error.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { EXIT, exitCodeOf } from "../../src/core/exit_code.ts";
import { readSegmentMetadata, segmentKey, signedText } from "../../src/core/log_segment.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { verifySignature } from "../../src/crypto/signing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { hasCommand, shell, withFolder } from "../sources/tree_tools.ts";
import { folderOf, GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { digestsAt, type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { failure, type MemoryStore } from "./memory_store.ts";
import { type AgeCodings, ageCodings } from "./sealed_codings.ts";

const observed = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "a reason that nobody may read" },
});

/** The machine that `init` ran on encrypts, and has no identity. */
function withSealedLogs(use: (logs: Logs, codings: AgeCodings) => Promise<void>): Promise<void> {
  return withLogs(async (logs) => {
    const codings = await ageCodings();
    logs.first.coding = codings.recipients;
    await use(logs, codings);
  });
}

/** All that a store holds, to see that it did not change. */
function contents({ objects }: MemoryStore): string {
  return JSON.stringify([...objects].map(([key, all]) => [key, all.map(({ head }) => head)]));
}

function assertNamesIdentity(error: HoldfastError): void {
  assert.match(`${error.message} ${error.hint}`, /--identity/);
  assert.match(String(error.context.key), /\.age$/);
  assert.equal(exitCodeOf(error.kind), EXIT.key);
}

function verified({ log, file }: Machine): void {
  const replayer = sqliteReplayer(folderOf(file), sha256);
  const report = verifyLog(log, replayer, sha256, { chainOnly: false, emit() {} });
  assert.deepEqual(report.damage, []);
}

Deno.test("an encrypted log tells nothing but its chain, and takes the requests of any other", () =>
  withSealedLogs(async ({ store, first }, { both }) => {
    await first.run([observed("a")]);
    store.requests.length = 0;
    await first.run([observed("b")]);
    assert.deepEqual(store.requests.map(({ operation }) => operation), ["list", "put", "put"]);
    let lines = "";
    let next = 1;
    for (const key of segmentKeys(store)) {
      const { body, head: { metadata, storageClass } } = store.current(key)!;
      assert.equal(key, segmentKey(GENESIS.log, next, ".age"));
      const object = readSegmentMetadata(key, metadata);
      assert.ok(object.kind === "segment");
      const { head } = object;
      assert.equal(head.head, first.log.hashAt(head.last));
      assert.equal(head.sha256, platformHashing.sha256(body).toHex());
      assert.equal(storageClass, "STANDARD");
      assert.ok(verifySignature(first.signer.key, signedText(head), head.signature));
      assert.match(new TextDecoder("latin1").decode(body), /^age-encryption\.org\/v1\n/);
      lines += new TextDecoder().decode(await both.unpack(key, body));
      next = head.last + 1;
    }
    const decoder = new TextDecoder();
    const own = [...first.log.lines({ to: next - 1 })].map(({ line }) => decoder.decode(line));
    assert.equal(lines, own.map((line) => `${line}\n`).join(""));
    const shipped = [...first.log.events({ type: "LogSegmentShipped" })];
    const keys = shipped.map(({ data }) => (data as { key: string }).key);
    assert.deepEqual(keys, segmentKeys(store));
  }));

Deno.test("age and zstd read a segment by hand", () =>
  withSealedLogs(async ({ store, first }, { identity }) => {
    for (const tool of ["age", "zstd"]) if (!hasCommand("segments by hand", tool)) return;
    await first.run([observed("a")]);
    const key = segmentKeys(store).at(-1)!;
    const { body, head: { metadata } } = store.current(key)!;
    withFolder((folder) => {
      Deno.writeFileSync(`${folder}/segment.jsonl.zst.age`, body);
      Deno.writeTextFileSync(`${folder}/identity`, identity);
      const text = shell(folder, "age -d -i identity segment.jsonl.zst.age | zstd -dcq");
      const range = { from: Number(metadata.first), to: Number(metadata.last) };
      const lines = [...first.log.lines(range)].map(({ line }) => new TextDecoder().decode(line));
      assert.equal(text, `${lines.join("\n")}\n`);
    });
  }));

for (const lost of [1, 2]) {
  Deno.test(`without an identity a lost answer to PUT ${lost} of a run is found to be our own`, () =>
    withSealedLogs(async ({ store, first }) => {
      await first.run();
      let puts = 0;
      store.after = (operation, key) => {
        if (operation === "put" && ++puts === lost) throw failure("unreachable", "Timeout", key);
      };
      await first.run([observed("a")]).catch(() => {});
      store.after = () => {};
      await first.run();
      const heads = segmentKeys(store).map((key) => store.current(key)!.head.metadata);
      assert.deepEqual(
        heads.slice(1).map(({ first }) => Number(first)),
        heads.slice(0, -1).map(({ last }) => Number(last) + 1),
      );
      assert.equal(first.log.index.lastSegment(GENESIS.log)!.key, segmentKeys(store).at(-1));
      assert.equal(store.count("get"), 0);
    }));
}

Deno.test("two writers that both encrypt: one wins, the other stops without having read a body", () =>
  withSealedLogs(async (logs) => {
    const { store, first } = logs;
    await first.run();
    const other = logs.copyOf(first);
    let held = false;
    store.before = async (operation) => {
      if (operation !== "put" || held) return;
      held = true;
      await other.run([observed("other")]);
    };
    await failsWith(first.run([observed("mine")]), "locked");
    await failsWith(first.run(), "locked");
    assert.equal(store.count("get"), 0);
  }));

Deno.test("a database behind an encrypted log goes on only with its identity", () =>
  withSealedLogs(async (logs, codings) => {
    const { store, first } = logs;
    await first.run();
    const old = logs.copyOf(first);
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const before = [old.log.head(), contents(store)];
    for (const name of ["recipients", "wrong"] as const) {
      old.coding = codings[name];
      assertNamesIdentity(await failsWith(old.run(), "key"));
      assert.deepEqual([old.log.head(), contents(store)], before, name);
    }
    old.coding = codings.both;
    await old.run([observed("c")]);
    const { position } = first.log.head();
    assert.equal(old.log.hashAt(position - 1), first.log.hashAt(position - 1));
    verified(old);
    // Its record of the last segment has another successor now; whether it has, the lines tell.
    await failsWith(first.run(), "key");
    first.coding = codings.both;
    await failsWith(first.run(), "locked");
  }));

Deno.test("of a log that is encrypted further on nothing is appended without the identity", () =>
  withLogs(async (logs) => {
    const codings = await ageCodings();
    const { first } = logs;
    await first.run();
    const old = logs.copyOf(first);
    await first.run([observed("a")]);
    first.coding = codings.recipients;
    await first.run([observed("b")]);
    first.coding = codings.reader;
    await first.run([observed("c")]);
    const { position } = old.log.head();
    for (const coding of [old.coding, codings.wrong]) {
      old.coding = coding;
      await failsWith(old.catchUp(), "key");
      assert.equal(old.log.head().position, position);
    }
    old.coding = codings.both;
    await old.run();
    verified(old);
  }));

Deno.test("rebuild of an encrypted log takes the right identity, and nothing else is an answer", () =>
  withSealedLogs(async (logs, codings) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const before = contents(store);
    for (const coding of [undefined, codings.recipients, codings.wrong]) {
      const options = { signer: first.signer, ...(coding === undefined ? {} : { coding }) };
      assertNamesIdentity(await failsWith(logs.rebuild(options), "key"));
    }
    assert.equal(contents(store), before);
    const rebuilt = await logs.rebuild({ signer: first.signer, coding: codings.both });
    const { report } = rebuilt;
    assert.equal(report.shipped.hash, first.log.hashAt(report.shipped.position));
    assert.deepEqual(report.digests, digestsAt(first, report.shipped.position));
    assert.deepEqual([report.writable, report.missing], [true, []]);
    await rebuilt.run([observed("c")]);
    verified(rebuilt);
    assert.ok(segmentKeys(store).every((key) => key.endsWith(".age")));
  }));

Deno.test("rebuild for reading needs an identity and no recipients", () =>
  withSealedLogs(async (logs, { reader }) => {
    await logs.first.run([observed("a")]);
    const { log, report } = await logs.rebuild({ coding: reader });
    assert.equal(report.writable, false);
    assert.equal(log.head().position, report.shipped.position);
  }));

Deno.test("rebuild does not go on with a log for other recipients than the repository names", () =>
  withSealedLogs(async (logs, { both, recipient }) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    const file = await readRepository(store);
    await store.put(REPOSITORY_KEY, encodeRepository({ ...file, recipients: [recipient] }), {});
    const before = contents(store);
    const options = { signer: first.signer, coding: both };
    await failsWith(logs.rebuild({ ...options, recipients: [] }), "key");
    assert.equal(contents(store), before);
    assert.equal((await logs.rebuild({ coding: both })).report.writable, false);
    const rebuilt = await logs.rebuild({ ...options, recipients: [recipient] });
    assert.equal(rebuilt.report.writable, true);
  }));

Deno.test("a damaged encrypted segment is damage, whoever looks, and ends the prefix", () =>
  withSealedLogs(async (logs, { both, wrong }) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const keys = segmentKeys(store);
    const { body, head } = store.current(keys[2])!;
    const bytes = body.slice();
    bytes[bytes.length - 20] ^= 1;
    store.objects.set(keys[2], [{ body: bytes, head }]);
    const { report } = await logs.rebuild({ coding: both });
    assert.equal(report.segments, 2);
    assert.match(report.missing[0], /its body is not what was written/);
    // What its metadata says fits, and it is no age file.
    for (const broken of [new Uint8Array(0), body.slice(0, -1), platformHashing.compress(body)]) {
      const says = { ...head.metadata, sha256: platformHashing.sha256(broken).toHex() };
      store.objects.set(keys[2], [{ body: broken, head: { ...head, metadata: says } }]);
      const again = await logs.rebuild({ coding: both });
      assert.equal(again.report.segments, 2);
      assert.match(again.report.missing[0], /the log segment .* is damaged/);
    }
    store.objects.delete(keys[2]);
    await failsWith(logs.rebuild({ coding: wrong }), "key");
  }));

Deno.test("takeover of an encrypted log: the old writer meets it, and the identity reads on", () =>
  withSealedLogs(async (logs, { both, recipients }) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    const laptop = await logs.rebuild({ host: "laptop", coding: both });
    const { log } = await laptop.takeOver();
    const closing = segmentKeys(store).at(-1)!;
    assert.ok(closing.endsWith(".age"));
    assert.equal(store.current(closing)!.head.metadata["closed-by"], log);
    const error = await failsWith(first.run(), "locked");
    assert.match(error.message, /taken over by laptop/);
    await laptop.run([observed("b")]);
    verified(laptop);
    await failsWith(logs.rebuild({ coding: recipients }), "key");
    const again = await logs.rebuild({ coding: both });
    assert.equal(again.log.genesis.log, log);
    assert.deepEqual(again.report.digests, digestsAt(laptop, again.report.shipped.position));
    verified(again);
  }));

Deno.test("takeover of a log that went on meanwhile needs the identity to see whether it is whole", () =>
  withSealedLogs(async (logs, { both, recipients }) => {
    const { store, first } = logs;
    await first.run();
    const laptop = await logs.rebuild({ host: "laptop", coding: both });
    const blind = logs.copyOf(laptop);
    blind.coding = recipients;
    blind.signer = (await logs.rebuild({ coding: both })).signer;
    await first.run([observed("late")]);
    const before = contents(store);
    await failsWith(blind.takeOver(), "key");
    const error = await failsWith(laptop.takeOver(), "locked");
    assert.match(error.message, /it went on after event/);
    assert.equal(contents(store), before);
    await first.run();
  }));

Deno.test("lost encrypted segments are put back, and can be read again", () =>
  withSealedLogs(async (logs, { both }) => {
    const { store, first } = logs;
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const keys = segmentKeys(store);
    const said = store.current(keys[1])!.head.metadata.head;
    for (const key of [keys[1], keys[2]]) store.objects.delete(key);
    assert.equal(await first.reshipLost(), 2);
    assert.deepEqual(segmentKeys(store), keys);
    assert.equal(store.current(keys[1])!.head.metadata.head, said);
    const { report } = await logs.rebuild({ coding: both });
    assert.deepEqual([report.missing, report.segments], [[], keys.length]);
  }));
