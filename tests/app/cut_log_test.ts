import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { cutLog, type CutPlan, planCut } from "../../src/app/cut_log.ts";
import { fetchPast } from "../../src/app/fetch_past.ts";
import { lastLockSet } from "../../src/app/known_locks.ts";
import { isBeforeBase, openState } from "../../src/app/read_state.ts";
import { replayAndCompare } from "../../src/app/replay_log.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { verifyShipped } from "../../src/app/verify_shipped.ts";
import { CHECKPOINTS_PREFIX } from "../../src/core/checkpoint.ts";
import { HoldfastError } from "../../src/core/error.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { verifySignature } from "../../src/crypto/signing.ts";
import type { LogCutter } from "../../src/ports/checkpoint.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { basedLogWriter } from "../../src/sqlite/based_log.ts";
import { logCutter } from "../../src/sqlite/cut_log.ts";
import { openJobLog, removeDatabase } from "../../src/sqlite/job_log.ts";
import { pastFile } from "../../src/sqlite/past_events.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { PROJECTION_VERSION } from "../../src/sqlite/schema.ts";
import { folderOf, sha256, tickingClock } from "../sqlite/log_fixture.ts";
import { statOf } from "../sqlite/small_log.ts";
import { failsWith } from "../stores/store_probes.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { failure, type MemoryStore } from "./memory_store.ts";
import { ageCodings } from "./sealed_codings.ts";

function seen(entries: ReturnType<typeof observedOfStat>[]): AnyNewEvent {
  const folders = [{ path: "", entries }];
  return { type: "EntriesObserved", data: { source: "", seen: "1700000002000000000", folders } };
}

const rootSeen = () =>
  seen([{ ...observedOfStat("", "added", statOf("folder", 1n), {}), fs: "ext4:1" }]);

let fileId = 1n << 60n;

const files = (...names: string[]): AnyNewEvent =>
  seen(
    names.map((name) => observedOfStat(name, "added", statOf("file", fileId++, 7n), { links: 1 })),
  );

const snapshot: AnyNewEvent = {
  type: "SnapshotCreated",
  data: { sources: [], entries: "3", bytes: "21" },
};

const locked: AnyNewEvent = { type: "LockSet", data: { seconds: 86_400, mode: "compliance" } };

/** Two runs, a checkpoint, and a run behind it. Returns the checkpoint's position. */
async function withCheckpoint({ first }: Logs): Promise<number> {
  await first.run([rootSeen(), files("one", "two"), locked]);
  await first.run([snapshot, files("three"), snapshot]);
  const { position } = await first.checkpoint();
  await first.run([files("four"), snapshot]);
  return position;
}

const replayerOf = (file: string) => sqliteReplayer(folderOf(file), sha256);

interface CutTry {
  readonly before?: number;
  readonly isLocking?: boolean;
  readonly cutter?: LogCutter;
}

/** What `log cut` does. Returns how many events were dropped. */
async function cut(
  machine: Machine,
  store: MemoryStore,
  { before, isLocking = false, cutter = logCutter(machine.file) }: CutTry = {},
): Promise<number> {
  const { log, file, coding, environment } = machine;
  const plan = planCut(log, PROJECTION_VERSION, before) as CutPlan;
  const state = `${file}.state`;
  try {
    const events = await cutLog({
      ...{ log, store, coding, cutter, isLocking, emit() {} },
      ...{ hashing: platformHashing, verify: verifySignature, clock: environment.clock },
      ...{ signal: new AbortController().signal, replayer: replayerOf(file) },
      createAt: (place) => basedLogWriter(state, place, { clock: tickingClock(), sha256 }),
    }, plan);
    cutter.shrink();
    return events;
  } finally {
    removeDatabase(state);
  }
}

const planned = (log: JobLog, before?: number) => planCut(log, PROJECTION_VERSION, before);

function open({ file }: Machine, past?: string): JobLog {
  return openJobLog(file, { clock: tickingClock(), sha256 }, { mode: "write", past });
}

/** Calls `use` with the log as it is after a fetch of what was cut. */
async function withFetched(
  machine: Machine,
  store: MemoryStore,
  use: (log: JobLog, past: string) => void,
): Promise<void> {
  const past = pastFile(folderOf(machine.file));
  const log = open(machine);
  try {
    await fetchPast(log, {
      ...{ store, past, coding: machine.coding, hashing: platformHashing, verify: verifySignature },
      ...{ emit() {}, signal: new AbortController().signal },
    }, { to: log.base! });
    past.settle();
    const whole = open(machine, past.file);
    try {
      use(whole, past.file);
    } finally {
      whole.close();
    }
  } finally {
    log.close();
    past.close();
  }
}

const linesOf = (log: JobLog) => [...log.lines()].map(({ line }) => new TextDecoder().decode(line));

function namesAt(log: JobLog, position: number): string[] {
  const state = openState(log, replayerOf(log.file), { kind: "position", position }, () => {});
  try {
    const root = state.index.tables.findFolder(0, new Uint8Array(0))!;
    const decoder = new TextDecoder();
    return [...state.index.tables.entriesIn(root.id)].map(({ name }) => decoder.decode(name));
  } finally {
    state.close();
  }
}

function damageIn(log: JobLog): readonly string[] {
  const options = { chainOnly: false, emit() {} };
  return verifyLog(log, replayerOf(log.file), sha256, options).damage;
}

const shippedDamage = async ({ coding }: Machine, log: JobLog, store: MemoryStore) =>
  (await verifyShipped(log, {
    ...{ store, coding, hashing: platformHashing, verify: verifySignature },
  }, new AbortController().signal)).damage;

Deno.test("a cut drops what the repository has, and the log goes on and is verified from there", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    const before = linesOf(first.log);
    const index = replayerOf(first.file).digests(first.log);
    assert.ok(await cut(first, store) > 5);
    const log = open(first);
    try {
      assert.equal(log.base!.position, position);
      assert.deepEqual(linesOf(log), before.slice(position));
      assert.deepEqual(replayerOf(first.file).digests(log), index);
      assert.deepEqual([damageIn(log), await shippedDamage(first, log, store)], [[], []]);
      const { differed } = replayAndCompare(log, replayerOf(first.file), () => {});
      assert.deepEqual(differed, []);
      // What later runs look for by type stays.
      assert.equal(lastLockSet(log)?.data.mode, "compliance");
      assert.deepEqual(namesAt(log, log.head().position), ["four", "one", "three", "two"]);
    } finally {
      log.close();
    }
    const next = logs.copyOf(first);
    await next.run([files("five")]);
    assert.deepEqual(damageIn(next.log), []);
    assert.equal((await logs.rebuild()).log.base, undefined);
  }));

Deno.test("what was cut is fetched again: the same lines, states, digests, and an append behind", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await withCheckpoint(logs);
    const lines = linesOf(first.log);
    const [old] = first.log.index.snapshots();
    await cut(first, store);
    const log = open(first);
    assert.ok(isBeforeBase(log, { kind: "snapshot", snapshot: old.position }));
    assert.ok(!isBeforeBase(log, { kind: "snapshot", snapshot: "latest" }));
    assert.ok(isBeforeBase(log, { kind: "time", time: 0 }));
    assert.throws(() => namesAt(log, old.position), { kind: "gone", message: /it was cut there/ });
    log.close();
    await withFetched(first, store, (whole) => {
      assert.equal(whole.base, undefined);
      assert.deepEqual(linesOf(whole), lines);
      assert.deepEqual(namesAt(whole, old.position), ["one", "two"]);
      const report = verifyLog(whole, replayerOf(first.file), sha256, {
        ...{ chainOnly: false, emit() {} },
      });
      assert.deepEqual([report.events, report.damage], [lines.length, []]);
    });
    // A restore appends while it reads.
    await withFetched(first, store, (whole, past) => {
      const how = { mode: "read", frozen: true, past } as const;
      const look = openJobLog(first.file, { clock: tickingClock(), sha256 }, how);
      assert.equal(linesOf(look).length, lines.length);
      whole.append("ab".repeat(16), [files("six")], { durable: true });
      assert.equal(whole.head().position, lines.length + 1);
      assert.equal(look.head().position, lines.length);
      look.close();
    });
    const after = open(first);
    assert.deepEqual(damageIn(after), []);
    after.close();
  }));

Deno.test("a second cut goes on from the first, and all of it can be fetched", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    await cut(first, store);
    const next = logs.copyOf(first);
    assert.match(planned(next.log) as string, /was cut at its last checkpoint, \d+, already/);
    await next.run([files("five")]);
    const later = (await next.checkpoint()).position;
    await next.run([files("six")]);
    store.requests.length = 0;
    await cut(next, store);
    const read = store.requests.filter(({ operation, key }) =>
      operation === "get" && segmentKeys(store).some((one) => one === key)
    );
    assert.ok(read.every(({ key }) => Number(/(\d+)\.jsonl/.exec(key)![1]) > position));
    await withFetched(next, store, (whole) => {
      assert.equal(whole.lines()[Symbol.iterator]().next().value!.position, 1);
      assert.deepEqual(damageIn(whole), []);
    });
    const log = open(next);
    assert.deepEqual([log.base!.position, damageIn(log)], [later, []]);
    log.close();
  }));

Deno.test("nothing is cut where the repository has not all of it, or not the checkpoint", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await withCheckpoint(logs);
    const lines = linesOf(first.log);
    const checkpoint = [...store.objects.keys()].find((key) => key.startsWith(CHECKPOINTS_PREFIX))!;
    const attacks: [string, "damage" | "gone", (versions: Stored) => Stored | undefined][] = [
      [segmentKeys(store)[0], "damage", () => undefined],
      [segmentKeys(store)[1], "damage", flipped],
      [segmentKeys(store)[2], "damage", signedByAnother],
      [checkpoint, "gone", () => undefined],
      [checkpoint, "damage", flipped],
    ];
    for (const [key, kind, attack] of attacks) {
      const kept = store.objects.get(key)!;
      const attacked = attack(kept);
      if (attacked === undefined) store.objects.delete(key);
      else store.objects.set(key, attacked);
      await failsWith(cut(first, store), kind);
      store.objects.set(key, kept);
      assert.deepEqual([linesOf(first.log), first.log.base], [lines, undefined], key);
    }
    store.before = (_, key) => {
      throw failure("unreachable", "Timeout", key);
    };
    await failsWith(cut(first, store), "unreachable");
    assert.deepEqual(linesOf(first.log), lines);
  }));

type Stored = NonNullable<ReturnType<MemoryStore["objects"]["get"]>>;

function flipped([{ body, head }]: Stored): Stored {
  const other = body.slice();
  other[other.length - 9] ^= 1;
  return [{ body: other, head }];
}

function signedByAnother([{ body, head }]: Stored): Stored {
  const metadata = { ...head.metadata, signature: "ab".repeat(64) };
  return [{ body, head: { ...head, metadata } }];
}

Deno.test("a fetch names what the repository has lost since, and so does verify", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await withCheckpoint(logs);
    await cut(first, store);
    const [key] = segmentKeys(store);
    const kept = store.objects.get(key)!;
    store.objects.delete(key);
    await failsWith(withFetched(first, store, () => {}), "damage");
    const log = open(first);
    const [lost] = await shippedDamage(first, log, store);
    assert.match(lost, /is not in the repository: they were cut here, and are lost/);
    store.objects.set(key, flipped(kept));
    assert.match((await shippedDamage(first, log, store))[0], /its body is not what was written/);
    store.objects.set(key, kept);
    assert.deepEqual(await shippedDamage(first, log, store), []);
    log.close();
  }));

Deno.test("killed before it is done, a cut has dropped nothing, and is repeated", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const position = await withCheckpoint(logs);
    const lines = linesOf(first.log);
    const real = logCutter(first.file);
    const died = () => {
      throw new HoldfastError("interrupted", "killed");
    };
    await failsWith(cut(first, store, { cutter: { ...real, cut: died } }), "interrupted");
    assert.deepEqual(linesOf(first.log), lines);
    // It fails when the events are deleted, and the state is to be put in their place.
    const empty = `${logs.folder}/empty.db`;
    new DatabaseSync(empty).close();
    const half: LogCutter = { ...real, cut: (place) => real.cut({ ...place, state: empty }) };
    await failsWith(cut(first, store, { cutter: half }), "damage");
    const still = open(first);
    assert.deepEqual([still.base, linesOf(still), damageIn(still)], [undefined, lines, []]);
    still.close();
    const db = new DatabaseSync(first.file);
    assert.throws(() => db.exec("DELETE FROM events WHERE position = 1"), /append-only/);
    db.close();
    await failsWith(cut(first, store, { cutter: { ...real, shrink: died } }), "interrupted");
    const log = open(first);
    assert.deepEqual([log.base!.position, linesOf(log)], [position, lines.slice(position)]);
    assert.deepEqual(damageIn(log), []);
    log.close();
  }));

Deno.test("what is not finished, young or needed by locks is not cut away from", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const { log } = first;
    assert.throws(() => planned(log), { kind: "usage", hint: /log checkpoint/ });
    await withCheckpoint(logs);
    assert.match(planned(log, 0) as string, /checkpoint at position \d+ is younger than that/);
    await failsWith(cut(first, store, { isLocking: true }), "guard");
    log.append("cd".repeat(16), [{
      type: "UploadStarted",
      data: {
        ...{ source: "", path: "one", key: "one", size: "7", observed: 2, partSize: 5 },
        ...{ storageClass: "STANDARD" },
      },
    } as unknown as AnyNewEvent]);
    // Begun behind the checkpoint, it does not matter; behind the next one it does.
    const plan = planned(log) as CutPlan;
    assert.equal(plan.after, 0);
    await first.checkpoint();
    assert.deepEqual(planned(log), plan);
  }));

Deno.test("a reader that was opened before a cut ends with an error instead of leaving events out", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await withCheckpoint(logs);
    const reader = open(first);
    await cut(first, store);
    assert.throws(() => linesOf(reader), { kind: "failed", message: /was cut at position/ });
    reader.close();
  }));

Deno.test("an encrypted log is cut and fetched only where an identity opens it", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    const codings = await ageCodings();
    first.coding = codings.recipients;
    await withCheckpoint(logs);
    const lines = linesOf(first.log);
    await failsWith(cut(first, store), "key");
    assert.deepEqual(linesOf(first.log), lines);
    first.coding = codings.both;
    await cut(first, store);
    await withFetched(first, store, (whole) => assert.deepEqual(linesOf(whole), lines));
    for (const coding of [codings.recipients, codings.wrong]) {
      first.coding = coding;
      await failsWith(withFetched(first, store, () => {}), "key");
    }
  }));

Deno.test("the log of several machines is fetched across a takeover", () =>
  withLogs(async (logs) => {
    const { store } = logs;
    await withCheckpoint(logs);
    const laptop = await logs.rebuild({ host: "laptop" });
    await laptop.takeOver();
    await laptop.run([files("five")]);
    await laptop.checkpoint();
    await laptop.run([files("six")]);
    const lines = linesOf(laptop.log);
    await cut(laptop, store);
    await withFetched(laptop, store, (whole) => {
      assert.deepEqual(linesOf(whole), lines);
      assert.deepEqual(damageIn(whole), []);
    });
    const log = open(laptop);
    assert.deepEqual([damageIn(log), await shippedDamage(laptop, log, store)], [[], []]);
    log.close();
  }));
