import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { changedStretches, changePlaces } from "../../scripts/bench/changed_places.ts";
import type { PackSample } from "../../scripts/bench/pack_race.ts";
import { packTable } from "../../scripts/bench/pack_table.ts";
import type { Series } from "../../scripts/bench/samples.ts";

Deno.test("1 % in 50 places are 50 stretches inside the file that do not touch each other", () => {
  const size = 2 ** 31;
  const stretches = changedStretches(size, { places: 50, share: 0.01 });
  assert.equal(stretches.length, 50);
  const total = stretches.reduce((sum, { length }) => sum + length, 0);
  assert.ok(Math.abs(total - size / 100) <= 50, `${total} bytes`);
  for (const [index, { offset, length }] of stretches.entries()) {
    const before = stretches[index - 1];
    assert.ok(before === undefined || before.offset + before.length < offset, `place ${index}`);
    assert.ok(offset + length <= size, `place ${index}`);
  }
  const chunk = 4 * 2 ** 20;
  const within = new Set(stretches.map(({ offset }) => Math.floor((offset % chunk) / 2 ** 19)));
  assert.equal(within.size, 8, "the places lie everywhere in a tool's chunks");
});

Deno.test("a changed file differs from what it was in these places alone", async () => {
  const path = await Deno.makeTempFile({ prefix: "holdfast-bench-" });
  try {
    const before = new Uint8Array(randomBytes(1_000_000));
    await Deno.writeFile(path, before);
    const edit = { places: 10, share: 0.1 };
    await changePlaces(path, edit);
    const after = await Deno.readFile(path);
    assert.equal(after.length, before.length);
    const stretches = changedStretches(before.length, edit);
    for (const { offset, length } of stretches) {
      const [was, is] = [before, after].map((all) => all.subarray(offset, offset + length));
      const equal = was.reduce((count, byte, index) => count + Number(byte === is[index]), 0);
      assert.ok(
        equal < length / 100,
        `${equal} of ${length} bytes at ${offset} are what they were`,
      );
      after.set(was, offset);
    }
    assert.deepEqual(after, before);
  } finally {
    await Deno.remove(path);
  }
});

function seriesOf(tool: string, what: string, wall: number, knowledge?: number) {
  const sample = (factor: number): PackSample => ({
    ...{ wall: wall * factor, cpu: 1, rss: factor * 2 ** 20, requests: 7 },
    ...{ added: 2 ** 20, stored: 3 * 2 ** 20, knowledge },
  });
  return { tool, what, samples: [sample(2), sample(1), sample(1)] };
}

Deno.test("the table of packs measures every tool against the fastest of the others", () => {
  const all: Series<PackSample>[] = [
    seriesOf("holdfast", "first", 1, 50_000),
    seriesOf("holdfast", "unchanged", 0.5, 60_000),
    seriesOf("slow", "first", 4),
    seriesOf("slow", "unchanged", 1),
    seriesOf("quick", "first", 2),
    seriesOf("quick", "unchanged", 2),
  ];
  const text = packTable(all, { files: 1000, bytes: 1000 }, ["slow", "quick"]);
  assert.deepEqual(text.split("\n").slice(2), [
    "| holdfast | first | 1.00 | 0.50 | 1,000 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | 50.0 |",
    "| slow | first | 4.00 | 2.00 | 250 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | – |",
    "| quick | first | 2.00 | 1.00 | 500 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | – |",
    "| holdfast | unchanged | 0.50 | 0.50 | 2,000 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | – |",
    "| slow | unchanged | 1.00 | 1.00 | 1,000 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | – |",
    "| quick | unchanged | 2.00 | 2.00 | 500 files/s | 1.00 | 2 | 7 | 1.00 | 3.00 | – |",
  ]);
});

Deno.test("where no other tool took part, nothing is measured against it", () => {
  const text = packTable([seriesOf("holdfast", "first", 1, 0)], { files: 1, bytes: 2 ** 30 }, []);
  const last = text.split("\n").at(-1);
  assert.equal(
    last,
    "| holdfast | first | 1.00 | – | 1024 MiB/s | 1.00 | 2 | 7 | 1.00 | 3.00 | 0.00 |",
  );
});
