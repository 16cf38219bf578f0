import assert from "node:assert/strict";
import { simulatedTime } from "../../../src/core/cold/simulated_time.ts";

const real = Date.UTC(2026, 10, 21, 12);

Deno.test("a simulated clock runs ahead by durations, or stands at a moment", () => {
  assert.equal(simulatedTime(undefined, real), real);
  assert.equal(simulatedTime("+48h\n", real), real + 48 * 3_600_000);
  assert.equal(simulatedTime(" +1d +30min+5s", real), real + 86_400_000 + 1_800_000 + 5_000);
  assert.equal(simulatedTime("+0s", real), real);
  assert.equal(simulatedTime("2026-12-01T00:00:00Z\n", real), Date.UTC(2026, 11, 1));
  assert.equal(simulatedTime("2026-12-01T01:02:03.45Z", real), Date.UTC(2026, 11, 1, 1, 2, 3, 450));
});

Deno.test("what is neither is no time", () => {
  for (const text of ["", "48h", "+", "+48", "-1h", "+1h -1h", "tomorrow", "2026-12-01", "12:00"]) {
    assert.equal(simulatedTime(text, real), undefined, text);
  }
});
