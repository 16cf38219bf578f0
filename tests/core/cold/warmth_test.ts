import assert from "node:assert/strict";
import { allowanceOf, fits, isCovered } from "../../../src/core/cold/allowance.ts";
import { billionthsOf, readUsdDigits, usdDigits } from "../../../src/core/cold/billionths.ts";
import { pollDelay } from "../../../src/core/cold/poll_delay.ts";
import { NEVER_EXPIRES } from "../../../src/core/cold/restore_header.ts";
import { endOfWarmUp, newsOf, warmthKnown, warmthSeen } from "../../../src/core/cold/warmth.ts";
import type { WarmUpRow } from "../../../src/core/index/restore_rows.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;

function row(state: WarmUpRow["state"], more: Partial<WarmUpRow> = {}): WarmUpRow {
  return {
    ...{ key: "a", version: "", state, tier: "Bulk", job: 1, asked: 9, askedAt: NOW - HOUR },
    ...{ days: 7, expiry: 0, ends: 0, before: "cold", tierBefore: null },
    ...more,
  };
}

Deno.test("what the store says decides whether an object can be read", () => {
  assert.equal(warmthSeen({ storageClass: "GLACIER" }), "cold");
  assert.equal(warmthSeen({ storageClass: "GLACIER", restore: { kind: "warming" } }), "warming");
  const restore = { kind: "warm", expiry: NOW } as const;
  assert.equal(warmthSeen({ storageClass: "DEEP_ARCHIVE", restore }), "warm");
  assert.equal(warmthSeen({ storageClass: "GLACIER_IR" }), "warm");
  const tiered = { storageClass: "INTELLIGENT_TIERING" };
  assert.equal(warmthSeen(tiered), "warm");
  assert.equal(warmthSeen({ ...tiered, archiveTier: "ARCHIVE_ACCESS" }), "cold");
});

Deno.test("an object that is gone counts as warm: its GET says what has become of it", () => {
  assert.equal(warmthSeen(undefined), "warm");
});

Deno.test("given no row an object is cold; given an intent without outcome nobody knows", () => {
  assert.deepEqual(
    [undefined, row("asked"), row("warming"), row("warm"), row("expired")].map((known) =>
      warmthKnown(known, NOW)
    ),
    ["cold", "unknown", "warming", "warm", "cold"],
  );
});

Deno.test("what a row tells is over once its copy has gone for sure", () => {
  assert.equal(endOfWarmUp(row("warm", { expiry: NOW })), NOW);
  // 48 hours at most, a day for what is late, and the days that the copy is kept for.
  const asked = endOfWarmUp(row("warming", { askedAt: NOW, days: 7 }));
  assert.equal(asked, NOW + 10 * DAY);
  assert.equal(endOfWarmUp(row("warm", { askedAt: NOW, days: 1, expiry: 0 })), NOW + 4 * DAY);
  assert.equal(endOfWarmUp(row("warming", { askedAt: 0 })), 0);
  assert.equal(endOfWarmUp(row("warm", { expiry: NEVER_EXPIRES })), 0);
  for (const state of ["asked", "warming", "warm"] as const) {
    assert.notEqual(warmthKnown(row(state, { ends: NOW }), NOW - 1), "cold", state);
    assert.equal(warmthKnown(row(state, { ends: NOW }), NOW), "cold", state);
  }
});

Deno.test("an intent whose object is cold was not asked for, as long as its copy cannot have gone", () => {
  const cold = { warmth: "cold", expiry: 0 } as const;
  assert.equal(newsOf(row("asked"), cold, NOW), "not asked");
  assert.equal(newsOf(row("asked", { askedAt: NOW - 6 * DAY }), cold, NOW), "not asked");
  assert.equal(newsOf(row("asked", { askedAt: NOW - 7 * DAY }), cold, NOW), "expired");
});

Deno.test("a clock that was set back says nothing about the age of an intent", () => {
  const cold = { warmth: "cold", expiry: 0 } as const;
  assert.equal(newsOf(row("asked", { askedAt: NOW + 1 }), cold, NOW), "expired");
  assert.equal(newsOf(row("asked", { askedAt: NOW }), cold, NOW), "not asked");
});

Deno.test("an event follows only where the store says something new", () => {
  const cold = { warmth: "cold", expiry: 0 } as const;
  const warming = { warmth: "warming", expiry: 0 } as const;
  const warm = { warmth: "warm", expiry: NOW } as const;
  assert.deepEqual(
    [undefined, row("asked"), row("warming"), row("expired")].map((old) =>
      newsOf(old, warming, NOW)
    ),
    ["under way", "under way", undefined, "under way"],
  );
  assert.equal(newsOf(row("warming"), warm, NOW), "warm");
  assert.equal(newsOf(row("warm", { expiry: NOW }), warm, NOW), undefined);
  assert.equal(newsOf(row("warm", { expiry: NOW - DAY }), warm, NOW), "warm");
  assert.deepEqual([undefined, row("expired")].map((old) => newsOf(old, cold, NOW)), [
    ...[undefined, undefined],
  ]);
  assert.deepEqual([row("warming"), row("warm")].map((old) => newsOf(old, cold, NOW)), [
    ...["expired", "expired"],
  ]);
});

Deno.test("an object may be asked for as often as that was approved", () => {
  assert.equal(isCovered({ allowed: 1, requests: 0 }), true);
  assert.equal(isCovered({ allowed: 1, requests: 1 }), false);
  assert.equal(isCovered({ allowed: 0, requests: 0 }), false);
  assert.equal(isCovered({ allowed: 2, requests: 1 }), true);
});

Deno.test("what is approved above the quote may be spent on further requests", () => {
  const usd = (value: number) => billionthsOf(value);
  const job = { quoted: usd(1), approved: usd(1.5), extra: usd(0.2) };
  assert.equal(allowanceOf(job), usd(0.3));
  assert.equal(fits({ usd: 0.3, unknown: [] }, allowanceOf(job)), true);
  assert.equal(fits({ usd: 0.300000002, unknown: [] }, allowanceOf(job)), false);
  assert.equal(fits({ usd: 0, unknown: ["retrieval"] }, allowanceOf(job)), false);
  assert.equal(allowanceOf({ ...job, approved: null }), 0);
  assert.equal(allowanceOf({ ...job, quoted: null }), 0);
  assert.equal(allowanceOf({ ...job, extra: usd(2) }), 0);
});

Deno.test("dollars are kept to the billionth, and read back as written", () => {
  assert.equal(usdDigits(billionthsOf(0.0025)), "0.0025");
  assert.equal(usdDigits(billionthsOf(0.1 + 0.2)), "0.3");
  assert.equal(usdDigits(billionthsOf(12)), "12");
  assert.equal(usdDigits(0), "0");
  assert.equal(usdDigits(billionthsOf(1e-12)), "0.000000001");
  for (const usd of [0, 0.0025, 1 / 3, 99_999.99]) {
    const billionths = billionthsOf(usd);
    assert.equal(readUsdDigits(usdDigits(billionths)), billionths);
    assert(billionths >= usd * 1e9 - 0.001);
  }
});

Deno.test("a wait of 48 hours is looked at twice an hour, one of five minutes every three seconds", () => {
  assert.equal(pollDelay(48 * HOUR), 28.8 * 60_000);
  assert.equal(pollDelay(100 * HOUR), 30 * 60_000);
  assert.equal(pollDelay(HOUR / 12), 3000);
  assert.equal(pollDelay(5000), 200);
});
