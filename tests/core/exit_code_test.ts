import assert from "node:assert/strict";
import {
  EXIT,
  EXIT_MEANINGS,
  EXIT_PRECEDENCE,
  exitCodeOf,
  worstExitCode,
} from "../../src/core/exit_code.ts";

Deno.test("findings of one run: 5 before 4 before 6 before 13 before 3", () => {
  assert.equal(worstExitCode([3, 13, 6, 4, 5]), 5);
  assert.equal(worstExitCode([3, 13, 6, 4]), 4);
  assert.equal(worstExitCode([3, 13, 6]), 6);
  assert.equal(worstExitCode([0, 3, 13]), 13);
  assert.equal(worstExitCode([0, 3, 0]), 3);
  assert.equal(worstExitCode([]), 0);
});

Deno.test("an interrupted run is 130 whatever it found, a failed one 1 unless it found damage", () => {
  assert.equal(worstExitCode([5, 130, 3]), 130);
  assert.equal(worstExitCode([3, 1]), 1);
  assert.equal(worstExitCode([1, 5]), 5);
});

Deno.test("every code has a place in the order and a meaning, once", () => {
  const codes = Object.values(EXIT);
  assert.deepEqual([...EXIT_PRECEDENCE].sort(), [...codes].sort());
  assert.deepEqual(Object.keys(EXIT_MEANINGS), Object.keys(EXIT));
  assert.equal(new Set(codes).size, codes.length);
});

Deno.test("the kind of an error decides the code", () => {
  assert.equal(exitCodeOf("usage"), 2);
  assert.equal(exitCodeOf("entry"), 3);
  assert.equal(exitCodeOf("no-repository"), 10);
  assert.equal(exitCodeOf("denied"), 1);
});
