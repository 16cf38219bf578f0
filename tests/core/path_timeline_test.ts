import assert from "node:assert/strict";
import fc from "fast-check";
import { pathTimeline } from "../../src/core/mirror/path_timeline.ts";
import {
  decodeRenames,
  encodeRenames,
  renamesKey,
  renamesOfKey,
  type RenamesRecord,
} from "../../src/core/mirror/renames_record.ts";
import { sourceNames } from "../../src/core/mirror/source_names.ts";
import { seed } from "../seed.ts";

const moved = (position: number, from: string, path: string): RenamesRecord => ({
  ...{ position, is: "moved", source: "", from, path },
});
const removed = (position: number, path: string, folder = false): RenamesRecord => ({
  ...{ position, is: "removed", source: "", path, ...(folder ? { folder: true as const } : {}) },
});
const there = (path: string) => ({ kind: "there" as const, path });

Deno.test("a path follows the folders above it, from its own position on", () => {
  const { now } = pathTimeline([moved(10, "a", "b"), moved(20, "b/c", "d"), moved(30, "e", "a")]);
  assert.deepEqual(now("a/c/x", false, 5), there("d/x"));
  assert.deepEqual(now("a/x", false, 5), there("b/x"));
  assert.deepEqual(now("a/x", false, 10), there("a/x"), "what is said of a position is after it");
  assert.deepEqual(now("e/x", false, 29), there("a/x"));
  assert.deepEqual(now("ab/x", false, 5), there("ab/x"));
});

Deno.test("a removal is about what was there before, files and folders apart", () => {
  const { now } = pathTimeline([removed(10, "a"), removed(20, "b", true)]);
  assert.deepEqual(now("a", false, 5), { kind: "removed", path: "a" });
  assert.deepEqual(now("a", true, 5), there("a"));
  assert.deepEqual(now("a", false, 10), there("a"));
  assert.deepEqual(now("b/c/d", false, 5), { kind: "removed", path: "b/c/d" });
});

Deno.test("a move after a gap carries nothing that was seen before it", () => {
  const { now } = pathTimeline([moved(50, "a", "c")], [{ first: 20, last: 30 }]);
  assert.deepEqual(now("a/x", false, 10), { kind: "unknown" });
  assert.deepEqual(now("a/x", false, 29), { kind: "unknown" });
  assert.deepEqual(now("a/x", false, 30), there("c/x"));
  assert.deepEqual(now("b/x", false, 10), there("b/x"));
});

Deno.test("a renamed source takes all of its paths along", () => {
  const records: RenamesRecord[] = [{ position: 10, is: "source", from: "", to: "docs" }];
  const { now } = pathTimeline(records);
  assert.deepEqual(now("a/b", false, 5), there("docs/a/b"));
  assert.deepEqual(now("", true, 5), there("docs"));
  const names = sourceNames(["docs"], records);
  assert.deepEqual(names.split("docs/a/b", 10), { source: "docs", path: "a/b" });
  assert.deepEqual(names.split("docs/a", 9), { source: "", path: "docs/a" });
});

Deno.test("where sources have names, nothing is in one without", () => {
  const names = sourceNames(["a"], []);
  assert.deepEqual(names.split("b/x", 1), { source: "b", path: "x" });
  assert.equal(names.split("x", 1), undefined);
  assert.deepEqual(sourceNames([], []).split("b/x", 1), { source: "", path: "b/x" });
});

Deno.test(`random folder moves are followed as one by one (seed ${seed})`, () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
    .map((names) => names.join("/"));
  const moves = fc.array(fc.tuple(path, path), { maxLength: 8 });
  fc.assert(
    fc.property(moves, path, fc.nat(8), (moves, path, since) => {
      const records = moves.map(([from, to], i) => moved(i + 1, from, to));
      const expected = moves.reduce((place, [from, to], i) => {
        if (i + 1 <= since) return place;
        if (place === from) return to;
        return place.startsWith(`${from}/`) ? to + place.slice(from.length) : place;
      }, path);
      assert.deepEqual(pathTimeline(records).now(path, true, since), there(expected));
    }),
    { seed },
  );
});

Deno.test("a renames object is read as it was written, and nothing else is", () => {
  const log = "ab".repeat(16);
  const records: RenamesRecord[] = [
    moved(3, "a", "b"),
    { position: 4, is: "removed", source: "s", path: { b64: "/w==" } },
    {
      ...{ position: 5, is: "entry", source: "s", path: "x" },
      entry: { type: "file", mode: 0o644, size: "3", content: { stored: 2, key: "s/y" } },
    },
  ];
  const header = { format: 1 as const, log, first: 1, last: 7 };
  const text = encodeRenames(header, records.map((record) => JSON.stringify(record)));
  const found = decodeRenames(text, { log, last: 7 })!;
  assert.deepEqual([found.header, [...found.records()]], [header, records]);
  assert.equal(decodeRenames(text, { log, last: 8 }), undefined);
  assert.equal(decodeRenames(text, { log: "cd".repeat(16), last: 7 }), undefined);
  assert.equal(decodeRenames(text.slice(0, -9), { log, last: 7 }), undefined);
  assert.equal(decodeRenames("", { log, last: 7 }), undefined);
  assert.deepEqual(renamesOfKey(renamesKey(log, 7)), { log, last: 7 });
  assert.equal(renamesOfKey(`.holdfast/renames/${log}/7.jsonl.zst`), undefined);
});
