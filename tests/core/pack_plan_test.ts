import assert from "node:assert/strict";
import {
  chargedDays,
  type JudgedPack,
  judgePack,
  NO_MOVE,
  type PackFacts,
  packRules,
  planPacks,
} from "../../src/core/plan/pack_plan.ts";

const DAY = 86_400_000;
const MiB = 2 ** 20;
const RULES = packRules(512 * MiB);

function pack(more: Partial<PackFacts> = {}): PackFacts {
  return {
    ...{ id: 1, key: "packs/aa/a.tar.zst", storageClass: "STANDARD", bytes: 512 * MiB },
    ...{ plain: 1000, storedAt: 0, needed: 10, markers: 0, dead: 0 },
    ...more,
  };
}

Deno.test("a pack goes when nothing of it is needed, is repacked from half dead on, or is small", () => {
  assert.equal(judgePack(pack({ needed: 0, dead: 1000 }), RULES), "delete");
  // Folders and links that only its index tells of are something, too.
  assert.equal(judgePack(pack({ needed: 0, dead: 400, markers: 2 }), RULES), "keep");
  assert.equal(judgePack(pack({ needed: 0, dead: 900, markers: 2 }), RULES), "repack");
  assert.equal(judgePack(pack({ dead: 499 }), RULES), "keep");
  assert.equal(judgePack(pack({ dead: 500 }), RULES), "repack");
  assert.equal(judgePack(pack({ dead: 100 }), packRules(512 * MiB, 0.1)), "repack");
  assert.equal(judgePack(pack({ dead: 0 }), packRules(512 * MiB, 0)), "keep");
  assert.equal(judgePack(pack({ bytes: 64 * MiB }), RULES), "keep");
  assert.equal(judgePack(pack({ bytes: 64 * MiB - 1 }), RULES), "small");
});

Deno.test("the rest of a class's minimum duration is counted in days; an unknown class is unknown", () => {
  const at = (storageClass: string, days: number) =>
    chargedDays({ storageClass, storedAt: 5 * DAY }, 5 * DAY + days * DAY);
  assert.deepEqual([at("DEEP_ARCHIVE", 0), at("DEEP_ARCHIVE", 179.5), at("DEEP_ARCHIVE", 180)], [
    180,
    1,
    0,
  ]);
  assert.deepEqual([at("GLACIER", 10), at("GLACIER_IR", 10), at("STANDARD_IA", 10)], [80, 80, 20]);
  assert.deepEqual([at("STANDARD", 0), at("INTELLIGENT_TIERING", 0)], [0, 0]);
  assert.equal(at("ONE_OF_ANOTHER_STORE", 400), undefined);
});

const small = (id: number, more: Partial<PackFacts> = {}): JudgedPack => ({
  ...{ pack: pack({ id, bytes: 10, ...more }), verdict: "small", move: NO_MOVE },
});
const many = (count: number) => Array.from({ length: count }, (_, i) => small(i + 1));

Deno.test("eight small packs are merged, fewer are not; nor is one that would cost something", () => {
  assert.deepEqual(planPacks(many(7), RULES, 0).steps, []);
  const plan = planPacks(many(8), RULES, 0);
  assert.deepEqual(plan.counts, { delete: 0, repack: 0, merge: 8 });
  assert.deepEqual([plan.bytes, plan.requests], [80, 1]);
  for (
    const one of [
      small(8, { storageClass: "GLACIER", storedAt: 0 }),
      small(8, { storageClass: "ONE_OF_ANOTHER_STORE" }),
      { ...small(8), move: { ...NO_MOVE, hindrance: "it cannot be read" } },
    ]
  ) {
    const { steps, left } = planPacks([...many(7), one], RULES, DAY);
    assert.deepEqual([steps, left], [[], []], "small ones stay without a word");
  }
});

Deno.test("small packs that an identity would let merge are named, where they are enough", () => {
  const locked = (id: number): JudgedPack => ({
    ...small(id),
    move: { ...NO_MOVE, hindrance: "without --identity", needsIdentity: true },
  });
  assert.equal(planPacks([...many(6), locked(7)], RULES, 0).left.length, 0);
  const { steps, left } = planPacks([...many(6), locked(7), locked(8)], RULES, 0);
  assert.deepEqual([steps.length, left.map(({ pack }) => pack.id)], [0, [7, 8]]);
});

Deno.test("what cannot be had elsewhere stays and says why; the totals are of what goes", () => {
  const move = { fromSource: 30, fromStore: 12, hindrance: undefined };
  const plan = planPacks(
    [
      {
        pack: pack({ id: 1, needed: 0, storageClass: "GLACIER" }),
        verdict: "delete",
        move: NO_MOVE,
      },
      { pack: pack({ id: 2, bytes: 7 }), verdict: "repack", move },
      { pack: pack({ id: 3 }), verdict: "repack", move: { ...move, hindrance: "it is archived" } },
    ],
    RULES,
    80 * DAY,
  );
  assert.deepEqual(plan.counts, { delete: 1, repack: 1, merge: 0 });
  assert.deepEqual([plan.bytes, plan.fromSource, plan.fromStore], [512 * MiB + 7, 30, 12]);
  assert.deepEqual(plan.steps.map(({ chargedDays }) => chargedDays), [10, 0]);
  assert.deepEqual(plan.left.map(({ pack: { id }, why }) => [id, why]), [[3, "it is archived"]]);
});
