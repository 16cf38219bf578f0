import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError } from "../../src/core/error.ts";
import { cellWidth, fitEnd } from "../../src/report/cell_width.ts";
import { counted, grouped, percentOf } from "../../src/report/count_text.ts";
import { errorLines } from "../../src/report/error_text.ts";
import { nearest } from "../../src/report/nearest.ts";
import { factLines, tableLines } from "../../src/report/table.ts";
import {
  fileTime,
  isoNanoseconds,
  isoTime,
  timeOfIso,
  timeText,
  UTC,
} from "../../src/core/time_text.ts";

Deno.test("counts are grouped, and one is not many", () => {
  assert.equal(grouped(1234567), "1,234,567");
  assert.equal(grouped(999), "999");
  assert.equal(counted(1, "file"), "1 file");
  assert.equal(counted(0, "entry", "entries"), "0 entries");
  assert.equal(counted(12345n, "entry", "entries"), "12,345 entries");
});

Deno.test("a share is 100 % only at the end", () => {
  assert.equal(percentOf(999_999, 1_000_000), "99 %");
  assert.equal(percentOf(5, 1000), "0.5 %");
  assert.equal(percentOf(10, 10), "100 %");
  assert.equal(percentOf(0, 0), "100 %");
});

Deno.test("times are what the platform says they are", () => {
  const ms = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  fc.assert(fc.property(ms, (time) => {
    assert.equal(isoTime(time), new Date(time).toISOString());
    assert.equal(timeOfIso(isoTime(time)), time);
  }));
  assert.equal(timeText(0, () => 90), "1970-01-01 01:30:00");
  assert.equal(timeText(951_782_399_000, UTC), "2000-02-28 23:59:59");
  assert.equal(fileTime(0), "19700101T000000.000Z");
});

Deno.test("nanoseconds lose nothing, also before 1970", () => {
  assert.equal(isoNanoseconds(1_777_593_600_123_456_789n), "2026-05-01T00:00:00.123456789Z");
  assert.equal(isoNanoseconds(-1n), "1969-12-31T23:59:59.999999999Z");
});

Deno.test("columns line up, also with wide and combining characters", () => {
  assert.equal(cellWidth("日本"), 4);
  assert.equal(cellWidth("e\u0301"), 1);
  const rows = [{ name: "日本", size: 5 }, { name: "abcdef", size: 12_000 }];
  const lines = tableLines([
    { title: "name", cell: (row) => row.name },
    { title: "size", cell: (row) => grouped(row.size), align: "right" },
  ], rows);
  assert.deepEqual(lines, ["name      size", "日本         5", "abcdef  12,000"]);
  assert.deepEqual(factLines([["a", "1"], ["long", ""]]), ["a     1", "long"]);
});

Deno.test("a path that does not fit keeps its end", () => {
  assert.equal(fitEnd("folder/file", 20), "folder/file");
  assert.equal(fitEnd("folder/file", 6), "…/file");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, width) => {
    assert.ok(cellWidth(fitEnd(text, width)) <= width);
  }));
});

Deno.test("an error has its context and its hint below it", () => {
  const error = new HoldfastError("damage", "event 7 is damaged", {
    context: { position: 7 },
    hint: "restore the database",
  });
  assert.deepEqual(errorLines(error), [
    "error: event 7 is damaged",
    "  position: 7",
    "hint: restore the database",
  ]);
  const odd = new HoldfastError("refused", "no", { context: { key: "a\n\x1b[31mb" } });
  assert.deepEqual(errorLines(odd), ["error: no", "  key: a\\x0a\\x1b[31mb"]);
});

Deno.test("near words are suggested and far ones are not", () => {
  const words = ["exclude", "include", "region", "storage_class"];
  assert.equal(nearest("exlude", words), "exclude");
  assert.equal(nearest("Storage-Class", words), "storage_class");
  assert.equal(nearest("reigon", words), "region");
  assert.equal(nearest("colour", words), undefined);
  assert.equal(nearest("", words), undefined);
});
