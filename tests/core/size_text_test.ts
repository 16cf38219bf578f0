import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/core/size_text.ts";

Deno.test("sizes are bytes or a number with a unit", () => {
  assert.equal(parseSize("4096"), 4096);
  assert.equal(parseSize("16 MiB"), 16 * 1024 * 1024);
  assert.equal(parseSize("16mib"), 16 * 1024 * 1024);
  assert.equal(parseSize(" 1.5 GiB "), 1.5 * 1024 ** 3);
  assert.equal(parseSize("5 GB"), 5e9);
  assert.equal(parseSize("0"), 0);
});

Deno.test("what is no size is refused with a way out", () => {
  for (const text of ["", "MiB", "-1", "1e6", "16 M", "16 Mebi", "0.3", "9999999999 PiB"]) {
    assert.throws(() => parseSize(text), { name: "HoldfastError", kind: "usage" }, text);
  }
  assert.throws(() => parseSize("16 m"), { hint: "write 16 MiB" });
});

Deno.test("durations are a number with a unit", () => {
  assert.equal(parseDuration("30d"), 30 * 86_400_000);
  assert.equal(parseDuration("90 s"), 90_000);
  assert.equal(parseDuration("1.5h"), 5_400_000);
  assert.equal(parseDuration("2w"), 14 * 86_400_000);
  for (const text of ["", "30", "d", "3 months", "-1d"]) {
    assert.throws(() => parseDuration(text), { kind: "usage" }, text);
  }
});

Deno.test("sizes are written with three digits", () => {
  const cases: [number | bigint, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "0.98 KiB"],
    [1536, "1.5 KiB"],
    [16 * 1024 ** 2, "16 MiB"],
    [1023 * 1024, "1 MiB"],
    [123456789n, "118 MiB"],
    [2 ** 53, "8 PiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatSize(bytes), text);
});

Deno.test("durations are written with two units at most", () => {
  assert.equal(formatDuration(0), "0 ms");
  assert.equal(formatDuration(12_340), "12.3 s");
  assert.equal(formatDuration(59_990), "1 min 00 s");
  assert.equal(formatDuration(245_000), "4 min 05 s");
  assert.equal(formatDuration(2 * 3_600_000 + 7 * 60_000), "2 h 07 min");
  assert.equal(formatDuration(76 * 3_600_000), "3 d 4 h");
});

Deno.test("a written size is read back as nearly the same", () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => {
    const text = formatSize(bytes);
    const [value, unit] = text.split(" ");
    const factor = parseSize(`1 ${unit}`);
    assert.ok(Math.abs(Number(value) * factor - bytes) <= bytes * 0.006 + 0.5, text);
  }));
});
