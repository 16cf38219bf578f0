/** A log that is encrypted from a position on, or no longer: `encryption` of its job has changed. */
import assert from "node:assert/strict";
import { readRepository } from "../../src/app/read_repository.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { isKind } from "../../src/core/error.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { readSegmentMetadata } from "../../src/core/log_segment.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import { otherName } from "../../src/core/sealed_name.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { folderOf, GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import type { MemoryStore, Operation } from "./memory_store.ts";
import { type Codings, fakeCodings } from "./sealed_codings.ts";

const observed = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

const namesIn = ({ log }: Pick<Machine, "log">) =>
  [...log.events({ type: "ObjectMissing" })].map(({ data }) => "path" in data ? data.path : "");

function verified({ log, file }: Machine): void {
  const replayer = sqliteReplayer(folderOf(file), sha256);
  const report = verifyLog(log, replayer, sha256, { chainOnly: false, emit() {} });
  assert.deepEqual(report.damage, []);
}

/** "segment", "sealed", "placeholder" … of each object of a log. */
function formsIn(store: MemoryStore, log?: string): string[] {
  return segmentKeys(store, log).map((key) => {
    const { kind } = readSegmentMetadata(key, store.current(key)!.head.metadata);
    return key.endsWith(".age") ? `sealed ${kind}` : kind;
  });
}

Deno.test("a log turns as the job does, and is one log for whoever has the identity", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    const codings = fakeCodings();
    const plain = first.coding;
    for (const [i, coding] of [plain, codings.recipients, plain, codings.recipients].entries()) {
      first.coding = coding;
      await first.run([observed(`${i}`)]);
    }
    assert.deepEqual(formsIn(store), [
      ...["segment", "segment"],
      ...["placeholder", "sealed segment", "sealed segment"],
      ...["segment", "sealed placeholder", "segment"],
      ...["placeholder", "sealed segment", "sealed segment"],
    ]);
    for (const key of segmentKeys(store)) {
      const { body, head: { metadata } } = store.current(key)!;
      if (metadata["goes-on-as"] === undefined) continue;
      assert.equal(body.length, 0);
      assert.ok(otherName(key).endsWith(`/${metadata["goes-on-as"]}`));
    }
    verified(first);
    await failsWith(logs.rebuild(), "key");
    const rebuilt = await logs.rebuild({ signer: first.signer, coding: codings.both });
    assert.deepEqual([rebuilt.report.missing, rebuilt.report.segments], [[], 8]);
    assert.deepEqual(namesIn(rebuilt), ["0", "1", "2", "3"]);
    verified(rebuilt);
    await rebuilt.run([observed("4")]);
    const last = await logs.rebuild({ coding: codings.both });
    assert.deepEqual(namesIn(last), ["0", "1", "2", "3", "4"]);
  }));

Deno.test("a turn costs one request, and one more in the next run", () =>
  withLogs(async ({ store, first }) => {
    await first.run();
    first.coding = fakeCodings().recipients;
    const requests = async () => {
      store.requests.length = 0;
      await first.run();
      return store.requests.map(({ operation }) => operation);
    };
    assert.deepEqual(await requests(), ["list", "put", "put", "put"]);
    assert.deepEqual(await requests(), ["list", "put", "put"]);
  }));

Deno.test("a config that names nobody any more does not turn an encrypted log to plain by itself", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    const codings = fakeCodings();
    first.coding = codings.both;
    await first.run([observed("a")]);
    const file = await readRepository(store);
    const naming = (recipients: string[]) =>
      store.put(REPOSITORY_KEY, encodeRepository({ ...file, recipients }), {});
    await naming(["age1somebody"]);
    first.coding = codings.reader;
    const keys = segmentKeys(store);
    await failsWith(first.run([observed("b")]), "key");
    assert.deepEqual(segmentKeys(store), keys);
    await naming([]);
    await first.run([observed("c")]);
    assert.equal(formsIn(store).at(-1), "segment");
    verified(first);
  }));

/** Which of the two turns, and what the log was until then. */
const PAIRS: readonly [name: string, before: Way, one: Way, other: Way][] = [
  ["a plain log, the first one turns", "plain", "sealed", "plain"],
  ["a plain log, the second one turns", "plain", "plain", "sealed"],
  ["an encrypted log, the first one turns", "sealed", "plain", "sealed"],
  ["an encrypted log, the second one turns", "sealed", "sealed", "plain"],
  ["a plain log, both turn", "plain", "sealed", "sealed"],
];

type Way = "plain" | "sealed";

const codingOf = ({ reader, both }: Codings, way: Way) => way === "sealed" ? both : reader;

for (const [name, before, one, other] of PAIRS) {
  Deno.test(`of two writers of ${name}, at whatever request: what succeeds is in the log`, async () => {
    const codings = fakeCodings();
    let stopped = 0;
    for (let stop = 1, met = true; met; stop++) {
      met = false;
      await withLogs(async (logs) => {
        const { store, first } = logs;
        first.coding = codingOf(codings, before);
        await first.run([observed("before")]);
        const second = logs.copyOf(first);
        first.coding = codingOf(codings, one);
        second.coding = codingOf(codings, other);
        let requests = 0;
        let theirs: Promise<unknown> = Promise.resolve();
        store.before = async () => {
          if (++requests !== stop) return;
          met = true;
          // The other one's whole run passes this request by.
          theirs = second.run([observed("second")]);
          await theirs.catch(() => {});
        };
        const [mine] = await Promise.allSettled([first.run([observed("first")])]);
        store.before = () => {};
        const [others] = await Promise.allSettled([theirs]);
        const results = [mine, others];
        if (!met) return;
        const done = results.flatMap(({ status }, i) =>
          status === "fulfilled" ? [["first", "second"][i]] : []
        );
        for (const result of results) {
          if (result.status === "rejected") assert.ok(isKind(result.reason, "locked"));
        }
        stopped += 2 - done.length;
        assert.ok(done.length > 0);
        const { log, report } = await logs.rebuild({ coding: codings.both });
        assert.deepEqual(report.missing, []);
        assert.deepEqual(namesIn({ log }).slice(1).sort(), done, `${stop}`);
      });
    }
    assert.ok(stopped > 0, "they never met");
  });
}

for (const when of ["before", "after"] as const) {
  for (const [from, to] of [["plain", "sealed"], ["sealed", "plain"]] as const) {
    Deno.test(`a turn from ${from} to ${to} cut off ${when} any request is finished by the next run`, async () => {
      const codings = fakeCodings();
      for (let last = 1, cut = true; cut; last++) {
        await withLogs(async (logs) => {
          const { store, first } = logs;
          first.coding = codingOf(codings, from);
          await first.run([observed("a")]);
          first.coding = codingOf(codings, to);
          let requests = 0;
          store[when] = () => {
            if (++requests === last) throw new Error("killed");
          };
          cut = await first.run([observed("b")]).then(() => false, () => true);
          store[when] = () => {};
          await first.run([observed("c")]);
          await first.run();
          verified(first);
          const rebuilt = await logs.rebuild({ coding: codings.both });
          assert.deepEqual(rebuilt.report.missing, []);
          const own = namesIn(first);
          assert.deepEqual(namesIn(rebuilt), own);
          assert.ok(own.includes("c"));
          const { position } = rebuilt.report.shipped;
          assert.equal(rebuilt.log.hashAt(position), first.log.hashAt(position));
          assert.equal(formsIn(store).filter((form) => form.includes("placeholder")).length, 1);
        });
      }
    });
  }
}

/** A run that ends between the placeholder and the encrypted segment. */
async function cutOffTurn({ store, first }: Logs): Promise<void> {
  store.before = (operation, key) => {
    if (operation === "put" && key.endsWith(".age")) throw new Error("killed");
  };
  await assert.rejects(first.run([observed("b")]), /killed/);
  store.before = () => {};
}

Deno.test("where the turn was cut off and taken back, the run says what is in its way", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    const codings = fakeCodings();
    await first.run([observed("a")]);
    const plain = first.coding;
    first.coding = codings.recipients;
    await cutOffTurn(logs);
    first.coding = plain;
    const error = await failsWith(first.run([observed("c")]), "locked");
    assert.match(`${error.message}: ${error.hint}`, /go on encrypted.*delete that object/);
    const held = String(error.context.key);
    assert.equal(store.current(held)!.body.length, 0);
    const whole = await logs.rebuild();
    assert.deepEqual(whole.report.missing, []);
    const saved = store.objects.get(held)!;
    // Either way out is one.
    store.objects.delete(held);
    const other = logs.copyOf(first);
    await other.run([observed("d")]);
    assert.deepEqual((await logs.rebuild()).report.missing, []);
    for (const key of segmentKeys(store)) if (key >= held) store.objects.delete(key);
    store.objects.set(held, saved);
    first.coding = codings.recipients;
    await first.run([observed("e")]);
    const { log, report } = await logs.rebuild({ coding: codings.both });
    assert.deepEqual([report.missing, namesIn({ log }).at(-1)], [[], "e"]);
  }));

for (const [from, to] of [["plain", "sealed"], ["sealed", "plain"]] as const) {
  Deno.test(`takeover of a ${from} log by a ${to} job stops its writer in the middle of a run`, () =>
    withLogs(async (logs) => {
      const { store, first } = logs;
      const codings = fakeCodings();
      first.coding = codingOf(codings, from);
      await first.run([observed("a")]);
      const taker = await logs.rebuild({ host: "laptop", coding: codingOf(codings, to) });
      let held = false;
      store.before = async (operation: Operation) => {
        if (operation !== "put" || held) return;
        held = true;
        await taker.takeOver();
      };
      const error = await failsWith(first.run([observed("late")]), "locked");
      assert.match(error.message, /another machine|taken over by laptop/);
      assert.match((await failsWith(first.run(), "locked")).message, /taken over by laptop/);
      assert.equal(formsIn(store).filter((form) => form.includes("placeholder")).length, 1);
      await taker.run([observed("b")]);
      verified(taker);
      const again = await logs.rebuild({ coding: codings.both });
      assert.deepEqual(again.report.missing, []);
      assert.equal(again.log.genesis.log, taker.log.genesis.log);
      assert.deepEqual(namesIn(again), ["a", "b"]);
    }));

  Deno.test(`takeover of a ${from} log by a ${to} job cut off at any request is finished`, async () => {
    const codings = fakeCodings();
    for (let last = 1, finished = false; !finished; last++) {
      await withLogs(async (logs) => {
        const { store, first } = logs;
        first.coding = codingOf(codings, from);
        await first.run([observed("a")]);
        const taker = await logs.rebuild({ host: "laptop", coding: codingOf(codings, to) });
        for (const when of ["before", "after"] as const) {
          let requests = 0;
          store[when] = () => {
            if (++requests >= last) throw new Error("killed");
          };
          finished = await taker.takeOver().then(() => true, () => false);
          store[when] = () => {};
        }
        const { log } = await taker.takeOver();
        verified(taker);
        const again = await logs.rebuild({ coding: codings.both });
        assert.deepEqual([again.log.genesis.log, again.report.missing], [log, []]);
        await failsWith(first.run(), "locked");
      });
    }
  });
}

Deno.test("a log that another machine was about to turn is closed in the form that it was to have", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    const codings = fakeCodings();
    await first.run([observed("a")]);
    first.coding = codings.both;
    await cutOffTurn(logs);
    const plain = await logs.rebuild({ host: "one" });
    const error = await failsWith(plain.takeOver(), "locked");
    assert.match(error.hint!, /recipients/);
    const sealed = await logs.rebuild({ host: "two", coding: codings.both });
    await sealed.takeOver();
    await sealed.run([observed("c")]);
    assert.deepEqual(formsIn(store, GENESIS.log).slice(-2), ["placeholder", "sealed closing"]);
    const error2 = await failsWith(first.run(), "locked");
    assert.match(error2.message, /taken over by two/);
    const { log, report } = await logs.rebuild({ coding: codings.both });
    assert.deepEqual([report.missing, namesIn({ log })], [[], ["a", "c"]]);
  }));

for (const [from, to] of [["plain", "sealed"], ["sealed", "plain"]] as const) {
  Deno.test(`behind damage a ${from} log is closed by a ${to} job, and gone on with`, () =>
    withLogs(async (logs) => {
      const { store, first } = logs;
      const codings = fakeCodings();
      first.coding = codingOf(codings, from);
      for (const name of ["a", "b", "c"]) await first.run([observed(name)]);
      store.objects.delete(segmentKeys(store)[3]);
      const coding = codingOf(codings, to);
      const rebuilt = await logs.rebuild({ signer: first.signer, coding });
      verified(rebuilt);
      await rebuilt.run([observed("d")]);
      await failsWith(first.run(), "locked");
      const again = await logs.rebuild({ signer: first.signer, coding: codings.both });
      assert.equal(again.log.genesis.log, rebuilt.log.genesis.log);
      assert.deepEqual(namesIn(again), ["a", "d"]);
      verified(again);
    }));

  Deno.test(`takeover by a ${from} job of a log that has just turned from ${from} to ${to} stops its writer`, () =>
    withLogs(async (logs) => {
      const { store, first } = logs;
      const codings = fakeCodings();
      first.coding = codingOf(codings, from);
      await first.run([observed("a")]);
      first.coding = codingOf(codings, to);
      let puts = 0;
      store.before = async (operation) => {
        if (operation !== "put" || ++puts !== 3) return;
        const taker = await logs.rebuild({ host: "laptop", coding: codingOf(codings, from) });
        await taker.takeOver();
      };
      await failsWith(first.run([observed("late")]), "locked");
      store.before = () => {};
      const { log, report } = await logs.rebuild({ coding: codings.both });
      assert.deepEqual([report.missing, namesIn({ log })], [[], ["a"]]);
    }));
}

Deno.test("a lost segment is put back in the job's form, once", () =>
  withLogs(async (logs) => {
    const { store, first } = logs;
    const codings = fakeCodings();
    await first.run([observed("a")]);
    await first.run([observed("b")]);
    const [, key] = segmentKeys(store);
    store.objects.delete(key);
    first.coding = codings.both;
    assert.equal(await first.reshipLost(), 1);
    assert.equal(await first.reshipLost(), 0);
    assert.ok(store.current(otherName(key)) !== undefined && store.current(key) === undefined);
    await first.run([observed("c")]);
    const turned = segmentKeys(store).findLast((one) =>
      one.endsWith(".age") && store.current(otherName(one)) !== undefined
    )!;
    store.objects.delete(turned);
    assert.equal(await first.reshipLost(), 1);
    const { report } = await logs.rebuild({ coding: codings.both });
    assert.deepEqual(report.missing, []);
  }));

Deno.test("a store that ignores If-None-Match is looked at under both names where the form turns", () =>
  withLogs(async (logs) => {
    const { first } = logs;
    const codings = fakeCodings();
    const ignoring = { works: false, reason: "ignored" } as const;
    const store = logs.store.withFeatures({ ...logs.store.features, conditionalPut: ignoring });
    await first.run([], store);
    const other = logs.copyOf(first);
    other.coding = codings.both;
    let held = false;
    logs.store.before = async (operation) => {
      if (operation !== "head" || held) return;
      held = true;
      await other.run([observed("other")], store);
    };
    await failsWith(first.run([observed("mine")], store), "locked");
    logs.store.before = () => {};
    const { log, report } = await logs.rebuild({ coding: codings.both });
    assert.deepEqual([report.missing, namesIn({ log })], [[], ["other"]]);
  }));
