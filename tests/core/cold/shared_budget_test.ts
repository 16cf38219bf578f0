import assert from "node:assert/strict";
import { sharedBudget } from "../../../src/core/cold/shared_budget.ts";
import { knownMoney, NO_COST, unknownMoney } from "../../../src/core/cost/money.ts";

Deno.test("a shared limit gives what is needed in order, and parts the rest evenly", () => {
  const shared = sharedBudget(10, [knownMoney(2), NO_COST, NO_COST]);
  assert.deepEqual([3, 1, 0].map((usd) => shared.take(knownMoney(usd))), [3, 1, 0]);
  assert.equal(shared.part(), 4 / 3);
});

Deno.test("what is left of a shared limit goes to the first, and nothing goes beyond it", () => {
  const shared = sharedBudget(5, [knownMoney(1), knownMoney(1)]);
  assert.deepEqual([2, 2, 2].map((usd) => shared.take(knownMoney(usd))), [2, 1, 0]);
  assert.equal(shared.part(), 0);
});

Deno.test("a shared limit has nothing for an unknown price, nor where more was spent, or who knows what", () => {
  const shared = sharedBudget(5, [knownMoney(1)]);
  assert.equal(shared.take(unknownMoney("requests")), 0);
  assert.equal(shared.part(), 4);
  for (const spent of [knownMoney(6), unknownMoney("what was asked for before")]) {
    const over = sharedBudget(5, [spent]);
    assert.equal(over.take(knownMoney(1)), 0);
    assert.ok(over.part() < 0);
  }
});
