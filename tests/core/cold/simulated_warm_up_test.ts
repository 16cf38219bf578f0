import assert from "node:assert/strict";
import fc from "fast-check";
import { restoredCopyExpiry } from "../../../src/core/cold/restored_copy_expiry.ts";
import { type Tier, TIERS } from "../../../src/core/cold/restore_state.ts";
import {
  decideWarmUp,
  isSimulatedCold,
  type WarmUp,
  type WarmUpDecision,
  warmUpState,
} from "../../../src/core/cold/simulated_warm_up.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 15 October 2012, 10:30 UTC: the moment of AWS's example. */
const start = Date.UTC(2012, 9, 15, 10, 30);

interface Asked {
  readonly storageClass?: string;
  readonly last?: WarmUp;
  readonly tier?: Tier;
  readonly days?: number | undefined;
  readonly now?: number;
}

function ask(asked: Asked): WarmUpDecision {
  const { storageClass = "GLACIER", last, tier = "Standard", now = start } = asked;
  const days = "days" in asked ? asked.days : 3;
  const request = days === undefined ? { tier } : { tier, days };
  return decideWarmUp({ storageClass, last, request, now, warmUp: 10 * HOUR });
}

function kept(decision: WarmUpDecision, answer: "accepted" | "extended"): WarmUp {
  assert.ok("warmUp" in decision, JSON.stringify(decision));
  assert.equal(decision.answer, answer);
  return decision.warmUp;
}

function refusalCode(decision: WarmUpDecision): string {
  assert.ok("refusal" in decision, JSON.stringify(decision));
  return decision.refusal.code;
}

Deno.test("AWS's example: three days from 15 October 10:30 end on 19 October at midnight UTC", () => {
  assert.equal(restoredCopyExpiry(start, 3), Date.UTC(2012, 9, 19));
});

Deno.test("a copy is kept for all of its days, and for less than a day more, until midnight", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.integer({ min: 1, max: 999 }), (
    from,
    days,
  ) => {
    const expiry = restoredCopyExpiry(from, days);
    assert.equal(expiry % DAY, 0);
    assert.ok(expiry > from + days * DAY && expiry <= from + (days + 1) * DAY);
  }));
});

Deno.test("each tier takes its time, then the object is warm until its expiry, then cold", () => {
  for (const [tier, hours] of [["Bulk", 20], ["Standard", 10], ["Expedited", 1]] as const) {
    const warmUp = kept(ask({ tier }), "accepted");
    const ready = start + hours * HOUR;
    assert.equal(warmUp.ready, ready);
    assert.equal(warmUp.expiry, restoredCopyExpiry(ready, 3));
    const warm = { kind: "warm", expiry: warmUp.expiry };
    assert.deepEqual(warmUpState(warmUp, start), { kind: "warming" });
    assert.deepEqual(warmUpState(warmUp, ready - 1), { kind: "warming" });
    assert.deepEqual(warmUpState(warmUp, ready), warm);
    assert.deepEqual(warmUpState(warmUp, warmUp.expiry - 1), warm);
    assert.equal(warmUpState(warmUp, warmUp.expiry), undefined);
    for (const [now, cold] of [[ready - 1, true], [ready, false], [warmUp.expiry, true]] as const) {
      assert.equal(isSimulatedCold("GLACIER", warmUp, now), cold);
    }
  }
});

Deno.test("GLACIER and DEEP_ARCHIVE are cold, what is read at once is not", () => {
  const cold = ["GLACIER", "DEEP_ARCHIVE"];
  for (const storageClass of [...cold, "STANDARD", "GLACIER_IR", "STANDARD_IA"]) {
    assert.equal(isSimulatedCold(storageClass, undefined, start), cold.includes(storageClass));
    if (!cold.includes(storageClass)) {
      assert.equal(refusalCode(ask({ storageClass })), "InvalidObjectState");
    }
  }
});

Deno.test("what AWS answers with 400 is refused, whatever the object's state", () => {
  const last = kept(ask({ storageClass: "DEEP_ARCHIVE" }), "accepted");
  for (const before of [{}, { last }, { last, now: last.ready }]) {
    const deep = { ...before, storageClass: "DEEP_ARCHIVE" };
    assert.equal(refusalCode(ask({ ...deep, tier: "Expedited" })), "InvalidArgument");
    for (const days of [0, -1, 1.5, NaN]) {
      assert.equal(refusalCode(ask({ ...before, days })), "InvalidArgument");
    }
    assert.equal(refusalCode(ask({ ...before, days: undefined })), "MalformedXML");
  }
});

Deno.test("while it warms, a request as slow or slower is under way, a faster one an upgrade", () => {
  const now = start + HOUR;
  for (const [i, first] of TIERS.entries()) {
    const last = kept(ask({ tier: first }), "accepted");
    for (const [j, tier] of TIERS.entries()) {
      const decision = ask({ last, tier, days: 9, now: Math.min(now, last.ready - 1) });
      if (j <= i) assert.deepEqual(decision, { answer: "under way" });
      else {
        const upgraded = kept(decision, "accepted");
        assert.equal(upgraded.tier, tier);
        assert.equal(upgraded.days, 3, "an upgrade changes the tier alone");
        assert.ok(upgraded.ready < last.ready);
        assert.equal(upgraded.expiry, restoredCopyExpiry(upgraded.ready, 3));
      }
    }
  }
});

Deno.test("an upgrade near the end never makes the object later than it would have been", () => {
  const last = kept(ask({ tier: "Bulk" }), "accepted");
  const now = last.ready - 5;
  assert.equal(kept(ask({ last, tier: "Standard", now }), "accepted").ready, last.ready);
});

Deno.test("on a warm object the days count from now, also where that is sooner than before", () => {
  const last = kept(ask({ days: 30 }), "accepted");
  const now = last.ready + 2 * DAY;
  for (const days of [1, 30]) {
    const extended = kept(ask({ last, days, now, tier: "Bulk" }), "extended");
    assert.equal(extended.expiry, restoredCopyExpiry(now, days));
    assert.deepEqual(warmUpState(extended, now), { kind: "warm", expiry: extended.expiry });
  }
});

Deno.test("a copy that has expired is requested anew", () => {
  const last = kept(ask({}), "accepted");
  const again = kept(ask({ last, now: last.expiry, tier: "Bulk" }), "accepted");
  assert.equal(again.ready, last.expiry + 20 * HOUR);
});
