import assert from "node:assert/strict";
import fc from "fast-check";
import { parseEventType, parseRunId } from "../../src/cli/event_filter.ts";
import { parsePath, parsePathList } from "../../src/cli/path_argument.ts";
import { parseAt, parseSnapshotName, parseTime } from "../../src/cli/time_argument.ts";
import { bytesOfText, displayPath, textOfBytes } from "../../src/core/path_text.ts";

const now = Date.UTC(2026, 4, 10, 12);
const start = (text: string) => parseTime(text, { now, dateMeans: "start" });
const end = (text: string) => parseTime(text, { now, dateMeans: "end" });

Deno.test("a time with a zone is that instant", () => {
  assert.equal(start("2026-05-01T18:30:00Z"), Date.UTC(2026, 4, 1, 18, 30));
  assert.equal(start("2026-05-01T18:30+02:00"), Date.UTC(2026, 4, 1, 16, 30));
  assert.equal(start("2026-05-01 18:30:15.123456789-0130"), Date.UTC(2026, 4, 1, 20, 0, 15, 123));
});

Deno.test("a time without a zone is this machine's", () => {
  assert.equal(start("2026-05-01T18:30"), new Date(2026, 4, 1, 18, 30).getTime());
  assert.equal(start("2026-05-01 18:30:15.5"), new Date(2026, 4, 1, 18, 30, 15, 500).getTime());
});

Deno.test("a date alone is the beginning or the end of that day", () => {
  assert.equal(start("2026-05-01"), new Date(2026, 4, 1).getTime());
  assert.equal(end("2026-05-01"), new Date(2026, 4, 2).getTime() - 1);
  assert.equal(end("2026-12-31"), new Date(2027, 0, 1).getTime() - 1);
});

Deno.test("a duration is so long ago", () => {
  assert.equal(start("7d"), now - 7 * 86_400_000);
});

Deno.test("what is no time is refused", () => {
  const wrong = ["", "yesterday", "2026-5-1", "2026-02-30", "2026-13-01", "2026-05-01T24:00", "12"];
  for (const text of [...wrong, "2026-05-01T10:00:61Z", "01.05.2026", "2026-05-01T"]) {
    assert.throws(() => start(text), { kind: "usage" }, text);
  }
});

Deno.test("digits in --at are a position, all else is a time", () => {
  assert.deepEqual(parseAt("1234", now), { kind: "position", position: 1234 });
  assert.deepEqual(parseAt("2026-05-01", now), { kind: "time", time: end("2026-05-01") });
  for (const text of ["0", "-1", "1.5", "99999999999999999"]) {
    assert.throws(() => parseAt(text, now), { kind: "usage" }, text);
  }
});

Deno.test("a snapshot is a position or latest", () => {
  assert.equal(parseSnapshotName("latest"), "latest");
  assert.equal(parseSnapshotName("12"), 12);
  for (const text of ["0", "newest", "2026-05-01"]) {
    assert.throws(() => parseSnapshotName(text), { kind: "usage" }, text);
  }
});

Deno.test("a path is read as ls prints it", () => {
  assert.equal(parsePath("a/b/"), "a/b");
  assert.equal(parsePath("./a"), "a");
  assert.equal(parsePath("."), "");
  assert.equal(parsePath(""), "");
  assert.equal(parsePath("a\\x0ab\\\\c"), "a\nb\\c");
  assert.equal(parsePath("\\xff"), textOfBytes(Uint8Array.of(0xff)));
  assert.equal(parsePath("\\xc3\\xa9"), "é");
  assert.equal(parsePath("a\\b"), "a\\b");
  for (const text of ["/a", "/", "a//b", "a/../b", "..", "a/./b"]) {
    assert.throws(() => parsePath(text), { kind: "usage" }, text);
  }
});

Deno.test("every name that ls can print is found again", () => {
  const byte = fc.integer({ min: 1, max: 255 }).filter((unit) => unit !== 0x2f);
  const name = fc.array(byte, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(name, (units) => {
      const path = textOfBytes(Uint8Array.from(units));
      fc.pre(path !== "." && path !== "..");
      assert.deepEqual(bytesOfText(parsePath(displayPath(path))), Uint8Array.from(units));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a list of paths is one a line", () => {
  const list = new TextEncoder().encode("a/b\r\n\n c \nd\\x0a");
  assert.deepEqual(parsePathList(list), ["a/b", " c ", "d\n"]);
});

Deno.test("event types and runs are checked, with a suggestion", () => {
  assert.equal(parseEventType("snapshotcreated"), "SnapshotCreated");
  assert.throws(() => parseEventType("SnapshotCreatd"), { hint: "did you mean SnapshotCreated?" });
  assert.equal(parseRunId("ABCD12"), "abcd12");
  assert.throws(() => parseRunId("abc"), { kind: "usage" });
});
