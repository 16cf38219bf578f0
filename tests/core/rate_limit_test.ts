import assert from "node:assert/strict";
import fc from "fast-check";
import { isLimited, NO_LIMIT, parseRateLimit, rateAt } from "../../src/core/rate_limit.ts";

const KIB = 1024;

Deno.test("one limit holds all day, and none is no limit", () => {
  const limit = parseRateLimit(["2 KiB/s"]);
  for (const minute of [0, 719, 1439]) assert.equal(rateAt(limit, minute), 2 * KIB);
  assert.equal(isLimited(limit), true);
  assert.deepEqual(parseRateLimit(["none"]), NO_LIMIT);
  assert.equal(rateAt(NO_LIMIT, 5), undefined);
});

Deno.test("a limit by time of day holds from its first minute up to its last, across midnight too", () => {
  const limit = parseRateLimit(["22:00-06:30 4 KiB", "08:00-18:00 none", "1 KiB"]);
  const at = (hours: number, minutes: number) => rateAt(limit, hours * 60 + minutes);
  assert.deepEqual([at(21, 59), at(22, 0), at(23, 59), at(0, 0)], [KIB, 4 * KIB, 4 * KIB, 4 * KIB]);
  assert.deepEqual([at(6, 29), at(6, 30), at(8, 0), at(17, 59)], [
    4 * KIB,
    KIB,
    undefined,
    undefined,
  ]);
  assert.equal(at(18, 0), KIB);
});

Deno.test("without a limit for the rest of the day it has none", () => {
  const limit = parseRateLimit(["00:00-24:00 1 KiB"]);
  assert.equal(rateAt(limit, 1439), KIB);
  assert.equal(rateAt(parseRateLimit(["00:00-01:00 1 KiB"]), 60), undefined);
});

Deno.test("parts of the day that share a minute are refused, those that touch are not", () => {
  const time = (minute: number) =>
    `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
  const minute = fc.integer({ min: 0, max: 1439 });
  const window = fc.tuple(minute, minute).filter(([from, to]) => from !== to);
  fc.assert(
    fc.property(window, window, (a, b) => {
      const inside = ([from, to]: [number, number], at: number) =>
        from < to ? at >= from && at < to : at >= from || at < to;
      const shared = Array.from({ length: 1440 }, (_, at) => inside(a, at) && inside(b, at))
        .includes(true);
      const read = () =>
        parseRateLimit([a, b].map(([from, to]) => `${time(from)}-${time(to)} 1 KiB`));
      if (shared) assert.throws(read, /hold the same minutes/);
      else assert.equal(read().length, 2);
    }),
    { numRuns: 200 },
  );
});

Deno.test("what is no limit is refused with a way out", () => {
  for (
    const parts of [["fast"], ["1 KiB", "2 KiB"], ["8-9 1 KiB"], ["10:60-11:00 1 KiB"], ["512"]]
  ) {
    assert.throws(() => parseRateLimit(parts), { kind: "usage" }, parts.join());
  }
  assert.throws(() => parseRateLimit(["08:00-08:00 1 KiB"]), /no part of the day/);
});
