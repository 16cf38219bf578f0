import assert from "node:assert/strict";
import { isSelected } from "../../scripts/test_run/test_files.ts";
import { countsLine, countsOf, slowest } from "../../scripts/test_run/test_report.ts";

Deno.test("counts are read from the last line of a run, with steps, colours and ignored tests", () => {
  const output = "ok | 9 passed | 0 failed (1ms)\n\n" +
    "\x1b[31mFAILED\x1b[0m | 2 passed (1 step) | 3 failed (1 step) | 1 ignored (1 step) (73ms)\n\n";
  assert.deepEqual(countsOf(output), { passed: 2, failed: 3, skipped: 1 });
});

Deno.test("a run that never came to its end has no counts", () => {
  assert.equal(countsOf("Check a_test.ts\nerror: Type checking failed.\n"), null);
  assert.equal(countsOf("a test said ok | yes\n"), null);
});

Deno.test("the last line says passed, failed, skipped", () => {
  assert.equal(
    countsLine({ passed: 3, failed: 0, skipped: 1 }),
    "3 passed, 0 failed, 1 skipped",
  );
});

Deno.test("the slowest tests come first, without their steps, names unescaped", () => {
  const junit = `<testsuite name="x" time="9">
    <testcase name="a &lt; b" classname="./a_test.ts" time="0.5" line="1" col="6">
    <testcase name="c &amp; d" classname="./c_test.ts" time="2.000" line="1" col="6">
    <testcase name="c &gt; step" classname="./c_test.ts" time="1.9" line="1" col="6">`;
  assert.deepEqual(slowest(junit, 2), [
    { name: "c & d", file: "./c_test.ts", seconds: 2 },
    { name: "a < b", file: "./a_test.ts", seconds: 0.5 },
  ]);
});

Deno.test("a fast selection leaves out end-to-end and slow tests, one in process the former", () => {
  const all = { fast: false, inProcess: false, names: [] };
  const [fast, inProcess] = [{ ...all, fast: true }, { ...all, inProcess: true }];
  assert.equal(isSelected("tests/core/a_test.ts", fast), true);
  assert.equal(isSelected("tests/core/a_slow_test.ts", fast), false);
  assert.equal(isSelected("tests/core/a_slow_test.ts", inProcess), true);
  assert.equal(isSelected("tests/e2e/a_test.ts", fast), false);
  assert.equal(isSelected("tests/e2e/a_test.ts", inProcess), false);
  assert.equal(isSelected("tests/e2e/a_test.ts", { ...all, names: ["e2e/a"] }), true);
  assert.equal(isSelected("tests/e2e/run_holdfast.ts", all), false);
});
