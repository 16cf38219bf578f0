import assert from "node:assert/strict";
import { median, type Series, seriesOf } from "../../scripts/bench/samples.ts";
import { seriesTable } from "../../scripts/bench/table.ts";

Deno.test("the median is the middle value, of two middle ones the lower", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("samples of one tool and task end up in one series", () => {
  const all: Series[] = [];
  const sample = { wall: 1, cpu: 1, rss: 1, requests: 1 };
  seriesOf(all, "a", "first").samples.push(sample);
  seriesOf(all, "b", "first").samples.push(sample);
  seriesOf(all, "a", "first").samples.push(sample);
  assert.deepEqual(all.map(({ tool, samples }) => [tool, samples.length]), [["a", 2], ["b", 1]]);
});

Deno.test("a table shows medians, and the largest resident set", () => {
  const samples = [
    { wall: 2, cpu: 1, rss: 2 ** 20, requests: 10 },
    { wall: 4, cpu: 3, rss: 2 ** 21, requests: 30 },
    { wall: 3, cpu: 2, rss: 2 ** 20, requests: 20 },
  ];
  const text = seriesTable([{ tool: "x", what: "first", samples }], { files: 3000, bytes: 3000 });
  assert.equal(text.split("\n").at(-1), "| x | first | 3.00 | 1,000 files/s | 2.00 | 2 | 20 |");
  const large = seriesTable([{ tool: "x", what: "first", samples }], {
    files: 3,
    bytes: 3 * 2 ** 30,
  });
  assert.match(large, /1024 MiB\/s/);
});
