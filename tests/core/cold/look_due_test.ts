import assert from "node:assert/strict";
import { lookDue, type WaitedFor } from "../../../src/core/cold/look_due.ts";
import { pollDelay } from "../../../src/core/cold/poll_delay.ts";

const HOUR = 3_600_000;
const NOW = 1_000_000 * HOUR;

/** Hours after the beginning at which it is looked at closely, and how often it is looked at at all. */
function looks(object: Partial<WaitedFor>, hours: number, delay = pollDelay(48 * HOUR)) {
  const waited: WaitedFor = { warmth: "warming", from: NOW, wait: 48 * HOUR, expiry: 0, ...object };
  const closely: number[] = [];
  let others = 0;
  for (let at = delay; at <= hours * HOUR; at += delay) {
    const look = lookDue(waited, NOW + at - delay, NOW + at);
    if (look === "closely") closely.push(Math.round(at / HOUR));
    else if (look === "listed") others++;
  }
  return { closely, others };
}

Deno.test("what is warming is looked at closely after a tenth, half and all of its wait, then seldom", () => {
  assert.deepEqual(looks({}, 120).closely, [5, 24, 48, 72, 96, 120]);
  const five = looks({ wait: HOUR / 12 }, 1 / 4, pollDelay(HOUR / 12));
  assert.equal(five.closely.length, 7);
  assert(five.others > 80);
});

Deno.test("where nobody knows how long it takes, and of what is cold, four looks a day are enough", () => {
  assert.deepEqual(looks({ wait: 0 }, 24).closely, [6, 12, 18, 24]);
  assert.deepEqual(looks({ warmth: "cold" }, 24).closely, [6, 12, 18, 24]);
});

Deno.test("what is warm is not looked at until an hour before it expires", () => {
  const warm = { warmth: "warm", expiry: NOW + 30 * HOUR } as const;
  const { closely, others } = looks(warm, 40);
  assert.deepEqual(closely, [29, 30, 36]);
  assert(others > 0 && others < 24, `${others}`);
  assert.deepEqual(looks({ ...warm, expiry: 0 }, 400), { closely: [], others: 0 });
});

Deno.test("what nobody has looked at is looked at at once", () => {
  assert.equal(lookDue({ warmth: "unknown", from: 0, wait: 0, expiry: 0 }, NOW, NOW), "closely");
});
