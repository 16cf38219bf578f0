import assert from "node:assert/strict";
import { failureKind, failureText } from "../../../src/core/batch/computed_checksum.ts";
import { reasonTally } from "../../../src/core/batch/reason_tally.ts";

/** As AWS's sample reports have it, with an ID of its own in each row. */
function failed(says: string, task: string) {
  const message = `error details: {"failureMessage":"Task ${task} ${says}", "errorCode": "400"}`;
  return { code: "PermanentFailure", message };
}

Deno.test("failures that differ by IDs and numbers alone are one kind, in a few letters", () => {
  const one = failed("SSE-C is not supported", "2845ca0d-38d9-4c4b-abcf-379dc749c452");
  const same = failed("SSE-C is not supported", "9fd5ba0d-38d9-4c4b-abcf-979dc749c400");
  const other = failed("Internal server error", "2845ca0d-38d9-4c4b-abcf-379dc749c452");
  assert.equal(failureKind(one), failureKind(same));
  assert.notEqual(failureKind(one), failureKind(other));
  const denied = { code: "AccessDenied", message: "Access Denied (request 7KQ2ZX9TLL)" };
  assert.equal(failureKind(denied), "AccessDenied: Access Denied (request #)");
  assert.ok(failureKind({ code: "X", message: "word ".repeat(500) }).length <= 81);
});

Deno.test("a tally keeps the first of each kind, and so many kinds", () => {
  const tally = reasonTally();
  for (let i = 0; i < 1000; i++) {
    const row = failed("SSE-C is not supported", `${i}845ca0d-38d9-4c4b-abcf-379dc749c452`);
    tally.add(failureKind(row), failureText(row));
  }
  const [[reason, count]] = tally.counts();
  assert.deepEqual([tally.counts().size, count], [1, 1000]);
  assert.match(reason, /Task 0845ca0d.* SSE-C is not supported/);
  for (let i = 0; i < 100; i++) tally.add("x".repeat(i), "x".repeat(i));
  assert.equal(tally.counts().size, 21);
  assert.equal(tally.counts().get("other reasons"), 81);
});
