/** The log on a machine beside what it has shipped: what each side may do to the other's. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { verifyShipped } from "../../src/app/verify_shipped.ts";
import { plainBodies } from "../../src/app/stored_body.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { chainHash } from "../../src/core/event/line.ts";
import { readSegmentMetadata, segmentMetadata, signedText } from "../../src/core/log_segment.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import { openLog, sha256 } from "../sqlite/log_fixture.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import type { MemoryStore } from "./memory_store.ts";

const missing = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

/** Three runs: each ships what it did. */
async function threeRuns({ run }: Machine): Promise<void> {
  for (const name of ["one", "two", "three"]) await run([missing(name)]);
}

function compared({ store }: Logs, { log }: Pick<Machine, "log">) {
  const deps = { store, hashing: platformHashing, coding: plainBodies(platformHashing) };
  return verifyShipped(log, { ...deps, verify: verifySignature }, new AbortController().signal);
}

Deno.test("a log that is as it was shipped has nothing to tell", () =>
  withLogs(async (logs) => {
    await threeRuns(logs.first);
    const report = await compared(logs, logs.first);
    assert.deepEqual([report.damage, report.notes, report.unopened], [[], [], 0]);
    assert.equal(report.segments, segmentKeys(logs.store).length);
    assert.equal(report.position, logs.first.log.head().position - 1);
  }));

Deno.test("a log that was rewritten on the machine, its chain computed anew, is found at the event", () =>
  withLogs(async (logs) => {
    await threeRuns(logs.first);
    const [{ position }] = logs.first.log.lines({ type: "ObjectMissing" });
    const forged = logs.copyOf(logs.first);
    rewrite(forged.file, position, (line) => line.replace('"one"', '"eno"'));
    const log = openLog(forged.file, { mode: "read" });
    try {
      const report = await compared(logs, { log });
      const found = report.damage.filter((sentence) => sentence.startsWith(`event ${position} `));
      assert.match(found.join(), /is not the one that was shipped and signed/);
    } finally {
      log.close();
    }
    assert.deepEqual((await compared(logs, logs.first)).damage, []);
  }));

Deno.test("an older copy of the database is no damage, and is told", () =>
  withLogs(async (logs) => {
    await logs.first.run([missing("one")]);
    const older = logs.copyOf(logs.first);
    const { position } = older.log.head();
    await logs.first.run([missing("two")]);
    const { damage, notes } = await compared(logs, older);
    assert.deepEqual(damage, []);
    assert.match(
      notes[0],
      new RegExp(`^the repository has the events ${position + 1} to \\d+, and this`),
    );
  }));

const lossOf: readonly [string, (store: MemoryStore, keys: string[]) => void, RegExp][] = [
  [
    "cut",
    (store, keys) => void store.objects.delete(keys.at(-1)!),
    /^the log segment \S+ with the events \d+ to \d+ is not in the repository: `holdfast log ship`/,
  ],
  [
    "without one of its segments",
    (store, keys) => void store.objects.delete(keys[2]),
    /^the repository lacks the events \d+ to \d+ of the log$/m,
  ],
  [
    "with a flipped bit",
    (store, keys) => {
      const versions = store.objects.get(keys[1])!;
      const body = versions.at(-1)!.body.slice();
      body[body.length >> 1] ^= 4;
      versions[versions.length - 1] = { ...versions.at(-1)!, body };
    },
    /is damaged: its body is not what was written$/m,
  ],
  [
    "with a head that another key has signed",
    (store, keys) => {
      const other = signerOf(newPrivateKey());
      changeHead(store, keys[1], (head) => ({ ...head, signature: other.sign(signedText(head)) }));
    },
    /is damaged: its head is not signed by the log's key$/m,
  ],
  [
    "with a head of other events",
    (store, keys) => changeHead(store, keys[1], (head) => ({ ...head, head: "ab".repeat(32) })),
    /is damaged: its head is not signed by the log's key$/m,
  ],
];
for (const [what, lose, expected] of lossOf) {
  Deno.test(`a log in the repository ${what} is found`, () =>
    withLogs(async (logs) => {
      await threeRuns(logs.first);
      lose(logs.store, segmentKeys(logs.store));
      const { damage } = await compared(logs, logs.first);
      assert.match(damage.join("\n"), expected);
    }));
}

Deno.test("a log that two machines wrote apart is found as forked, from either side", () =>
  withLogs(async (logs) => {
    await logs.first.run([missing("one")]);
    const other = logs.copyOf(logs.first, "other");
    const before = new Set(logs.store.objects.keys());
    await logs.first.run([missing("two")]);
    const mine = [...logs.store.objects.keys()].filter((key) => !before.has(key));
    const kept = mine.map((key) => [key, logs.store.objects.get(key)!] as const);
    for (const key of mine) logs.store.objects.delete(key);
    await other.run([missing("three"), missing("four")]);
    const { damage } = await compared(logs, logs.first);
    assert.match(damage.join("\n"), /^event \d+ on this machine is not the one that was shipped/m);
    for (const [key, versions] of kept.slice(1)) logs.store.objects.set(key, versions);
    assert.match((await compared(logs, other)).damage.join("\n"), /forked in the repository/);
  }));

Deno.test("what was taken over is verified with the log that goes on, and told of in the one before", () =>
  withLogs(async (logs) => {
    await threeRuns(logs.first);
    const other = await logs.rebuild({ host: "other" });
    await other.takeOver();
    await other.run([missing("four")]);
    assert.deepEqual((await compared(logs, other)).damage, []);
    const { damage, notes } = await compared(logs, logs.first);
    assert.deepEqual(damage, []);
    assert.match(
      notes.join("\n"),
      /^the log was taken over by other: it goes on as [0-9a-f]{32}$/m,
    );
  }));

/** Three runs, a takeover by another machine, and its run. */
async function takenOver(logs: Logs): Promise<Machine> {
  await threeRuns(logs.first);
  const other = await logs.rebuild({ host: "other" });
  await other.takeOver();
  await other.run([missing("four")]);
  return other;
}

const closingOf: readonly [string, (logs: Logs, key: string) => void, RegExp][] = [
  [
    "is not closed there any more",
    ({ store }, key) => void store.objects.delete(key),
    /^the log segment that closes \S+ for [0-9a-f]{32} is not in the repository/m,
  ],
  [
    "is closed behind other events",
    ({ store }, key) => changeMetadata(store, key, { previous: "ab".repeat(32) }),
    /^the log segment \S+ does not follow from the one before it$/m,
  ],
  [
    "is closed for another log",
    ({ store }, key) => changeMetadata(store, key, { "closed-by": "ab".repeat(16) }),
    /^the log segment that closes \S+ for [0-9a-f]{32} is not in the repository/m,
  ],
  [
    "is closed by a damaged segment",
    ({ store }, key) => {
      const { body, head } = store.current(key)!;
      body[body.length - 1] ^= 1;
      store.objects.set(key, [{ body, head }]);
    },
    /^the log segment that closes \S+ for [0-9a-f]{32} is not in the repository, or is damaged/m,
  ],
];
for (const [what, change, expected] of closingOf) {
  Deno.test(`a log that was taken over and ${what} is found`, () =>
    withLogs(async (logs) => {
      const other = await takenOver(logs);
      change(logs, segmentKeys(logs.store).at(-1)!);
      assert.match((await compared(logs, other)).damage.join("\n"), expected);
    }));
}

Deno.test("a log that goes on in the repository where it was taken over is found as forked", () =>
  withLogs(async (logs) => {
    await threeRuns(logs.first);
    const other = await logs.rebuild({ host: "other" });
    await other.takeOver();
    await other.run([missing("four")]);
    // Whoever may delete lets the former writer go on.
    logs.store.objects.delete(segmentKeys(logs.store).at(-1)!);
    await logs.first.run([missing("five")]);
    const { damage } = await compared(logs, other);
    assert.match(damage.join("\n"), /^the log is forked in the repository: \S+ follows event/m);
    assert.match(damage.join("\n"), /^the log segment that closes/m);
  }));

Deno.test("a log that goes on behind lost and damaged segments is whole, and tells what was given up", () =>
  withLogs(async (logs) => {
    await threeRuns(logs.first);
    const { first, store } = logs;
    const keys = segmentKeys(store);
    store.objects.delete(keys[2]);
    changeMetadata(store, keys[3], { sha256: "ab".repeat(32) });
    const rebuilt = await logs.rebuild({ signer: first.signer });
    await rebuilt.run([missing("four")]);
    const { damage, notes } = await compared(logs, rebuilt);
    assert.deepEqual(damage, []);
    assert.match(
      notes.join("\n"),
      /^\d+ objects of \S+ are from behind event \d+, where the log went/m,
    );
    // What stood in the last one of them that are left is told of in no event.
    store.objects.delete(keys[1]);
    assert.match(
      (await compared(logs, rebuilt)).damage.join("\n"),
      /^the repository lacks the events \d+ to \d+ of the log$/m,
    );
  }));

function changeMetadata(
  store: MemoryStore,
  key: string,
  changed: Readonly<Record<string, string>>,
): void {
  const { body, head } = store.current(key)!;
  store.objects.set(key, [{ body, head: { ...head, metadata: { ...head.metadata, ...changed } } }]);
}

function changeHead(
  store: MemoryStore,
  key: string,
  change: (
    head: Extract<ReturnType<typeof readSegmentMetadata>, { kind: "segment" }>["head"],
  ) => Parameters<typeof segmentMetadata>[0],
): void {
  const versions = store.objects.get(key)!;
  const current = versions.at(-1)!;
  const object = readSegmentMetadata(key, current.head.metadata);
  assert.equal(object.kind, "segment");
  if (object.kind !== "segment") return;
  const metadata = segmentMetadata(change(object.head));
  versions[versions.length - 1] = { ...current, head: { ...current.head, metadata } };
}

/** As somebody would who has the database and no key: all later hashes are computed again. */
function rewrite(file: string, position: number, change: (line: string) => string): void {
  const db = new DatabaseSync(file);
  db.exec("DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete");
  const rows = db.prepare("SELECT position, line, hash, packed FROM events ORDER BY position")
    .all();
  let previous: string | undefined;
  for (const row of rows as { position: number; line: Uint8Array; hash: Uint8Array }[]) {
    if (row.position < position) {
      previous = row.hash.toHex();
      continue;
    }
    const text = new TextDecoder().decode(row.line);
    const line = new TextEncoder().encode(row.position === position ? change(text) : text);
    previous = chainHash(previous!, line, sha256);
    db.prepare("UPDATE events SET line = ?, hash = ? WHERE position = ?")
      .run(line, Uint8Array.fromHex(previous), row.position);
  }
  db.close();
}
