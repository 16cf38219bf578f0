import assert from "node:assert/strict";
import type { AnyEvent, AnyNewEvent } from "../../../src/core/event/event.ts";
import type { WarmUpAnswer } from "../../../src/core/event/restore_events.ts";
import { foldRestores } from "../../../src/core/index/restore_fold.ts";
import { isoTime } from "../../../src/core/time_text.ts";
import { memoryTables } from "../memory_tables.ts";

const AT = "2026-05-01T00:00:00.000Z";

/** Tables, and what appends to them. */
function log() {
  const { tables, state } = memoryTables();
  let [position, now] = [0, Date.parse(AT)];
  function append(...events: AnyNewEvent[]): number {
    for (const event of events) {
      position++;
      const at = isoTime(now);
      foldRestores(tables, { ...event, position, at, run: "r", version: 1 } as AnyEvent);
    }
    return position;
  }
  const later = (days: number) => void (now += days * 24 * 3_600_000);
  const states = () =>
    Object.fromEntries([...state.warmUps.values()].map(({ key, state }) => [key, state]));
  const requests = (job: number) =>
    Object.fromEntries(
      [...state.restoreObjects.values()].filter((row) => row.job === job)
        .map(({ key, requests }) => [key, requests]),
    );
  return { append, later, states, requests, tables, state };
}

const plan = (job: number, objects = 2): AnyNewEvent => ({
  type: "RestorePlanned",
  data: {
    ...{ to: "/out", position: 3, entries: "5", bytes: "50", overwrite: "never", job },
    selection: { paths: ["d"], include: [], exclude: [] },
    ...{ tier: "Bulk", days: 7, objects, objectBytes: "30", quote: "0.5", approved: "2" },
  },
});

const awaits = (job: number, keys: readonly string[], more: { last?: true } = { last: true }) =>
  ({
    type: "ObjectsAwaited",
    data: {
      job,
      objects: keys.map((key) => ({ key, class: "GLACIER", size: "15", quoted: true as const })),
      ...more,
    },
  }) satisfies AnyNewEvent;

const intends = (job: number, keys: readonly string[], cost?: string): AnyNewEvent => ({
  type: "WarmUpPlanned",
  data: {
    ...{ job, tier: "Bulk", days: 7, objects: keys.map((key) => ({ key })) },
    ...(cost === undefined ? {} : { cost }),
  },
});

const asked = (
  job: number,
  intent: number | undefined,
  others: Record<string, WarmUpAnswer> = {},
  unspent?: string,
): AnyNewEvent => ({
  type: "WarmUpRequested",
  data: {
    ...{ job, ...(intent === undefined ? {} : { intent }) },
    others: Object.entries(others).map(([key, answer]) => ({ key, answer })),
    ...(unspent === undefined ? {} : { unspent }),
  },
});

Deno.test("a restore is open once it knows all that it awaits", () => {
  const { append, tables } = log();
  append(plan(1));
  assert.equal(tables.restoreJob(1)!.state, "planning");
  append(awaits(1, ["a"], {}));
  assert.equal(tables.restoreJob(1)!.state, "planning");
  append(awaits(1, ["b"]));
  const { state, quoted, approved } = tables.restoreJob(1)!;
  assert.deepEqual([state, quoted, approved], ["open", 500_000_000, 2_000_000_000]);
});

Deno.test("a restore that is planned anew awaits what the new plan says, approved once", () => {
  const { append, tables } = log();
  append(plan(1));
  append(awaits(1, ["a", "b"], {}));
  append(plan(1));
  append(awaits(1, ["b", "c"]));
  assert.equal(tables.restoreJob(1)!.state, "open");
  const allowed = (key: string) => tables.restoreObject(1, { key, version: "" })?.allowed;
  assert.deepEqual(["a", "b", "c"].map(allowed), [undefined, 1, 1]);
});

Deno.test("a restore of nothing archived is open at once, and one of an older program has no number", () => {
  const { append, tables, state } = log();
  append(plan(1, 0));
  assert.equal(tables.restoreJob(1)!.state, "open");
  const { job: _, ...older } = plan(2).data as { job: number };
  append({ type: "RestorePlanned", data: older as never });
  append({ type: "RestoreFinished", data: { outcome: 0, entries: "1", bytes: "1", failed: "0" } });
  assert.equal(state.restoreJobs.size, 1);
});

Deno.test("intent and outcome make an object warming, but for those that the outcome names", () => {
  const { append, states, requests } = log();
  append(plan(1, 4), awaits(1, ["a", "b", "c", "d", "e"]));
  const intent = append(intends(1, ["a", "b", "c", "d", "e"]));
  assert.deepEqual(new Set(Object.values(states())), new Set(["asked"]));
  append(asked(1, intent, { b: "under way", c: "warm", d: "not asked", e: "unknown" }));
  assert.deepEqual(states(), { a: "warming", b: "warming", c: "warm", e: "asked" });
  // Somebody else has paid for what is under way.
  assert.deepEqual(requests(1), { a: 1, b: 0, c: 1, d: 0, e: 1 });
});

Deno.test("what a later look says of an intent without outcome concerns the objects it names alone", () => {
  const { append, states, requests } = log();
  append(plan(1, 3), awaits(1, ["a", "b", "c"]), intends(1, ["a", "b", "c"], "0.3"));
  append(asked(1, undefined, { a: "under way", b: "not asked" }, "0.1"));
  assert.deepEqual(states(), { a: "warming", c: "asked" });
  assert.deepEqual(requests(1), { a: 1, b: 0, c: 1 });
});

Deno.test("what a request beyond the quote costs is counted, and what was not spent is given back", () => {
  const { append, tables } = log();
  append(plan(1), awaits(1, ["a", "b"]));
  const intent = append(intends(1, ["a", "b"], "0.3"));
  assert.equal(tables.restoreJob(1)!.extra, 300_000_000);
  append(asked(1, intent, { a: "not asked" }, "0.1"));
  assert.equal(tables.restoreJob(1)!.extra, 200_000_000);
});

Deno.test("a request that was not asked for leaves the object as it was before", () => {
  const { append, states, tables } = log();
  append(plan(1), awaits(1, ["a", "b"]));
  append(asked(1, append(intends(1, ["a", "b"]))));
  append({ type: "RestoredCopyExpired", data: { objects: [{ key: "b" }] } });
  const faster = append({
    type: "WarmUpPlanned",
    data: { job: 1, tier: "Standard", days: 7, objects: [{ key: "a" }, { key: "b" }] },
  });
  assert.equal(tables.warmUp({ key: "a", version: "" })!.tier, "Standard");
  append(asked(1, faster, { a: "not asked", b: "not asked" }));
  assert.deepEqual(states(), { a: "warming", b: "expired" });
  assert.equal(tables.warmUp({ key: "a", version: "" })!.tier, "Bulk");
});

Deno.test("a version is another object than the current one under its key", () => {
  const { append, tables } = log();
  append(plan(1, 1), {
    type: "ObjectsAwaited",
    data: { job: 1, objects: [{ key: "a", version: "v1", class: "GLACIER", size: "1" }] },
  });
  append({ type: "ObjectWarm", data: { objects: [{ key: "a", version: "v1", expiry: AT }] } });
  assert.equal(tables.warmUp({ key: "a", version: "v1" })!.expiry, Date.parse(AT));
  assert.equal(tables.warmUp({ key: "a", version: "" }), undefined);
});

Deno.test("what is warming or warm is known until its copy has gone, whoever awaits it", () => {
  const { append, later, states, state } = log();
  const [one, three] = ["2026-05-02T00:00:00.000Z", "2026-05-04T00:00:00.000Z"];
  append({ type: "ObjectWarm", data: { objects: [{ key: "x", expiry: one }] } });
  append({ type: "ObjectWarm", data: { objects: [{ key: "y", expiry: three }] } });
  append({ type: "ObjectWarm", data: { objects: [{ key: "tiered" }] } });
  append(plan(1), awaits(1, ["a", "b"]), plan(2, 1), awaits(2, ["b"]));
  append(asked(1, append(intends(1, ["a", "b"]))));
  assert.deepEqual(states(), { x: "warm", y: "warm", tiered: "warm", a: "warming", b: "warming" });
  later(2);
  append({ type: "RestoreCancelled", data: { job: 1, reason: "test" } });
  // What stays readable is no warm-up: its class says so.
  assert.deepEqual(states(), { y: "warm", a: "warming", b: "warming" });
  later(20);
  append({
    type: "RestoreFinished",
    data: { outcome: 3, entries: "1", bytes: "1", failed: "1", job: 2 },
  });
  assert.deepEqual([states(), state.restoreObjects.size], [{}, 0]);
  const [first, second] = [...state.restoreJobs.values()];
  assert.deepEqual([first.state, second.state, second.outcome], ["cancelled", "finished", 3]);
  assert.equal(second.ended, "2026-05-23T00:00:00.000Z");
});

Deno.test("what an open restore awaits is known as long as that is open, also that it is cold again", () => {
  const { append, later, states } = log();
  append(plan(1, 1), awaits(1, ["a"]), plan(2, 1), awaits(2, ["b"]));
  append({ type: "ObjectWarm", data: { objects: [{ key: "a", expiry: AT }] } });
  later(9);
  append({ type: "RestoreCancelled", data: { job: 2, reason: "test" } });
  assert.deepEqual(states(), { a: "warm" });
  append({ type: "RestoredCopyExpired", data: { objects: [{ key: "a" }, { key: "b" }] } });
  assert.deepEqual(states(), { a: "expired" });
  append({ type: "RestoreCancelled", data: { job: 1, reason: "test" } });
  assert.deepEqual(states(), {});
});

Deno.test("the class that an object was found in is kept, and is that of what a restore awaits", () => {
  const { append, tables, state } = log();
  append(plan(1, 1), awaits(1, ["a"]));
  append({
    type: "StorageClassesFound",
    data: {
      objects: [
        { key: "a", class: "DEEP_ARCHIVE" },
        { key: "b", version: "v1", class: "INTELLIGENT_TIERING", archive: "ARCHIVE_ACCESS" },
      ],
    },
  });
  assert.equal(tables.restoreObject(1, { key: "a", version: "" })!.storageClass, "DEEP_ARCHIVE");
  append({ type: "RestoreCancelled", data: { job: 1, reason: "test" } });
  assert.deepEqual([...state.foundClasses.values()], [
    { key: "a", version: "", storageClass: "DEEP_ARCHIVE", archive: null },
    { key: "b", version: "v1", storageClass: "INTELLIGENT_TIERING", archive: "ARCHIVE_ACCESS" },
  ]);
  append({
    type: "StorageClassesFound",
    data: { objects: [{ key: "b", version: "v1", class: "INTELLIGENT_TIERING" }] },
  });
  assert.equal(state.foundClasses.size, 2);
  assert.deepEqual([...state.foundClasses.values()].map(({ archive }) => archive), [null, null]);
});

Deno.test("an approval allows one more request of each object, and may change tier and limit", () => {
  const { append, tables } = log();
  append(plan(1), awaits(1, ["a", "b"]), awaits(1, ["a"], {}));
  append({
    type: "RestoreApproved",
    data: { job: 1, approved: "5", tier: "Standard", slower: true },
  });
  const { tier, approved, slower, days } = tables.restoreJob(1)!;
  assert.deepEqual([tier, approved, slower, days], ["Standard", 5_000_000_000, true, 7]);
  const allowed = (key: string) => tables.restoreObject(1, { key, version: "" })!.allowed;
  assert.deepEqual([allowed("a"), allowed("b")], [2, 1]);
});

Deno.test("an event about a restore that no event has planned is damage", () => {
  const { append } = log();
  assert.throws(() => append(awaits(7, ["a"])), { kind: "damage" });
});

Deno.test("an upgrade of which nobody heard the answer is asked for again: a look does not tell its tier", () => {
  const { append, requests, tables } = log();
  append(plan(1), awaits(1, ["a"]));
  append(asked(1, append(intends(1, ["a"]))), awaits(1, ["a"]));
  append({
    type: "WarmUpPlanned",
    data: { job: 1, tier: "Standard", days: 7, objects: [{ key: "a" }] },
  });
  append(asked(1, undefined, { a: "under way" }));
  const { state, tier } = tables.warmUp({ key: "a", version: "" })!;
  assert.deepEqual([state, tier, requests(1)], ["warming", "Bulk", { a: 1 }]);
});
