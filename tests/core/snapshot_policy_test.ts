import assert from "node:assert/strict";
import fc from "fast-check";
import {
  applyKeepRules,
  type DatedSnapshot,
  forgetNamed,
  hasRules,
  type KeepRules,
  rulesText,
} from "../../src/core/plan/snapshot_policy.ts";
import { UTC, type ZoneOffset } from "../../src/core/time_text.ts";
import { seed } from "../seed.ts";

const NONE: KeepRules = {
  ...{ last: undefined, daily: undefined, weekly: undefined },
  ...{ monthly: undefined, yearly: undefined, within: undefined },
};
const DAY = 86_400_000;

function at(position: number, time: string): DatedSnapshot {
  return { position, time: Date.parse(time) };
}

function kept(snapshots: DatedSnapshot[], rules: Partial<KeepRules>, zone: ZoneOffset = UTC) {
  return applyKeepRules(snapshots, { ...NONE, ...rules }, zone)
    .filter(({ keep }) => keep).map(({ snapshot }) => snapshot.position);
}

const YEAR_TURN = [
  at(1, "2025-12-28T12:00:00Z"), // a Sunday
  at(2, "2025-12-29T08:00:00Z"), // Monday of 2026's first week
  at(3, "2025-12-31T23:30:00Z"),
  at(4, "2026-01-01T00:30:00Z"),
  at(5, "2026-01-04T10:00:00Z"), // its Sunday
  at(6, "2026-01-04T22:00:00Z"),
  at(7, "2026-01-05T09:00:00Z"),
];

Deno.test("each rule keeps the newest snapshot of so many of its periods", () => {
  assert.deepEqual(kept(YEAR_TURN, { last: 3 }), [7, 6, 5]);
  assert.deepEqual(kept(YEAR_TURN, { daily: 3 }), [7, 6, 4]);
  assert.deepEqual(kept(YEAR_TURN, { weekly: 9 }), [7, 6, 1]);
  assert.deepEqual(kept(YEAR_TURN, { monthly: 2 }), [7, 3]);
  assert.deepEqual(kept(YEAR_TURN, { yearly: 5 }), [7, 3]);
  assert.deepEqual(kept(YEAR_TURN, { within: 2 * DAY }), [7, 6, 5]);
  assert.deepEqual(kept([], { last: 1 }), []);
});

Deno.test("days, weeks and years are those of the person's zone", () => {
  assert.deepEqual(kept(YEAR_TURN, { yearly: 5 }, () => 60), [7, 2]);
  assert.deepEqual(kept(YEAR_TURN, { daily: 9 }, () => -60), [7, 6, 4, 2, 1]);
  // The night of Sunday to Monday: 23:30 in New York is another week than in Berlin.
  const night = [at(1, "2026-03-15T20:00:00Z"), at(2, "2026-03-16T03:30:00Z")];
  assert.deepEqual(kept(night, { weekly: 9 }, () => -240), [2]);
  assert.deepEqual(kept(night, { weekly: 9 }, () => 60), [2, 1]);
});

Deno.test("a kept snapshot tells each rule that keeps it, a forgotten one the rules in force", () => {
  const rules = { ...NONE, last: 2, daily: 2, monthly: 1, within: 36 * 3_600_000 };
  const decisions = applyKeepRules(YEAR_TURN, rules, UTC);
  assert.deepEqual(decisions[0].reasons, [
    "the newest",
    "last, 1 of 2",
    "daily, 1 of 2: day 2026-01-05",
    "monthly, 1 of 1: month 2026-01",
    "within 36 h of the newest",
  ]);
  assert.deepEqual(decisions[1].reasons.slice(1, 2), ["daily, 2 of 2: day 2026-01-04"]);
  const forgotten = { keep: false, reasons: [`kept by no rule of: ${rulesText(rules)}`] };
  assert.deepEqual(decisions.at(-1), { snapshot: YEAR_TURN[0], ...forgotten });
  assert.equal(rulesText(rules), "last 2, daily 2, monthly 1, within 36 h");
  const weekly = applyKeepRules(YEAR_TURN, { ...NONE, weekly: 1 }, UTC);
  assert.deepEqual(weekly[0].reasons, ["the newest", "weekly, 1 of 1: week from 2026-01-05"]);
});

Deno.test("what is named is forgotten, the newest too, and nothing else", () => {
  const decisions = forgetNamed(YEAR_TURN, new Set([7, 2]));
  const forgotten = decisions.filter(({ keep }) => !keep);
  assert.deepEqual(forgotten.map(({ snapshot }) => snapshot.position), [7, 2]);
  assert.deepEqual(forgotten[0].reasons, ["named"]);
});

const count = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const span = fc.option(fc.integer({ min: 1, max: 90 }).map((days) => days * DAY), {
  nil: undefined,
});
const anyRules: fc.Arbitrary<KeepRules> = fc.record({
  ...{ last: count, daily: count, weekly: count, monthly: count, yearly: count },
  within: span,
}).filter(hasRules);
/** Clocks jump: times need not follow the positions. */
const anySnapshots = fc.array(
  fc.integer({ min: Date.parse("2020-01-01"), max: Date.parse("2027-01-01") }),
  { maxLength: 40 },
).chain((times) =>
  fc.boolean().map((ordered) =>
    (ordered ? times.toSorted((a, b) => a - b) : times)
      .map((time, i) => ({ position: 10 * (i + 1), time }))
  )
);
const zone: ZoneOffset = (ms) => ms % (200 * DAY) < 100 * DAY ? 60 : 120;

Deno.test("more rules never forget more, and the newest is always kept", () => {
  fc.assert(
    fc.property(anySnapshots, anyRules, anyRules, (snapshots, rules, more) => {
      const entries = Object.entries(more).filter(([, value]) => value !== undefined);
      const added = { ...Object.fromEntries(entries), ...definedOf(rules) };
      const before = new Set(kept(snapshots, rules, zone));
      const after = new Set(kept(snapshots, added, zone));
      assert.ok(before.isSubsetOf(after));
      const newest = snapshots.at(-1);
      assert.ok(newest === undefined || before.has(newest.position));
      const each = applyKeepRules(snapshots, rules, zone);
      assert.deepEqual(each.map(({ snapshot }) => snapshot), snapshots.toReversed());
      assert.ok(each.every(({ reasons }) => reasons.length > 0));
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("a larger count or span never forgets more", () => {
  fc.assert(
    fc.property(anySnapshots, anyRules, fc.nat(5), (snapshots, rules, more) => {
      const grown = Object.fromEntries(
        Object.entries(definedOf(rules)).map(([name, value]) => [name, value! + more]),
      );
      const before = new Set(kept(snapshots, rules, zone));
      assert.ok(before.isSubsetOf(new Set(kept(snapshots, grown, zone))));
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("applied to what it kept, the same policy forgets nothing", () => {
  fc.assert(
    fc.property(anySnapshots, anyRules, (snapshots, rules) => {
      const positions = kept(snapshots, rules, zone);
      const left = snapshots.filter(({ position }) => positions.includes(position));
      assert.deepEqual(kept(left, rules, zone), positions);
    }),
    { seed, numRuns: 500 },
  );
});

function definedOf(rules: KeepRules): Partial<KeepRules> {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}
