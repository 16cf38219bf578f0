import assert from "node:assert/strict";
import { planPrune, type PruneItem } from "../../src/core/plan/prune_plan.ts";

const DAY = 86_400_000;

function item(more: Partial<PruneItem> = {}): PruneItem {
  return {
    ...{ key: "a", version: "v", path: "a", bytes: 10, storageClass: "STANDARD", storedAt: 0 },
    ...{ hidesOlder: false, isThere: true },
    ...more,
  };
}

Deno.test("a plan counts objects, bytes, and requests of up to 1,000 objects", () => {
  const items = Array.from({ length: 1001 }, () => item());
  const plan = planPrune([...items, item({ hidesOlder: true }), item({ isThere: false })], 0);
  assert.deepEqual([plan.objects, plan.bytes, plan.requests], [1003, 10_030, 3]);
  assert.equal(planPrune([], 0).requests, 0);
});

Deno.test("what is listed is bounded, what is counted is not", () => {
  const plan = planPrune(Array.from({ length: 10_005 }, () => item()), 0);
  assert.deepEqual([plan.steps.length, plan.further], [10_000, 5]);
});

Deno.test("deletions before the minimum storage duration are told, by class", () => {
  const stored = (storageClass: string, days: number) =>
    item({ storageClass, storedAt: (400 - days) * DAY });
  const plan = planPrune([
    ...[stored("STANDARD", 0), stored("STANDARD_IA", 29), stored("STANDARD_IA", 30)],
    ...[stored("GLACIER", 89), stored("GLACIER", 91), stored("DEEP_ARCHIVE", 179)],
  ], 400 * DAY);
  assert.deepEqual(plan.early, [
    { storageClass: "STANDARD_IA", objects: 1, bytes: 10, byteDays: 128 * 1024 },
    { storageClass: "GLACIER", objects: 1, bytes: 10, byteDays: 10 + 32 * 1024 },
    { storageClass: "DEEP_ARCHIVE", objects: 1, bytes: 10, byteDays: 10 + 32 * 1024 },
  ]);
});
