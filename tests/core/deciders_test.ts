import assert from "node:assert/strict";
import fc from "fast-check";
import type { ObservedEntry } from "../../src/core/event/event.ts";
import { contentAfter, contentOfRemoved } from "../../src/core/index/content_after.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { type ContentRow, type EntryRow, NO_CONTENT, REMOVED } from "../../src/core/index/rows.ts";
import { classFor } from "../../src/core/mirror/storage_class.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import { checkRestoreName } from "../../src/core/restore_name.ts";
import {
  DEFAULT_MAX_DELETE,
  guardDeletions,
  type GuardInput,
} from "../../src/core/scan/delete_guard.ts";
import { isRacy } from "../../src/core/scan/racy.ts";
import { type EntryStat, packStat } from "../../src/core/stat_record.ts";
import { anyName } from "./any_name.ts";

const scan: GuardInput = {
  ...{ known: 100_000, missing: 0, foreign: 0, empty: false },
  maxDelete: DEFAULT_MAX_DELETE,
};

Deno.test("the delete guard: given a scan, when entries are missing, then it accepts or says why", () => {
  const cases: [given: string, input: Partial<GuardInput>, then: string][] = [
    ["nothing missing", {}, "accept"],
    ["nothing missing, and empty: it always was", { known: 0, empty: true }, "accept"],
    ["nothing missing on another file system", { foreign: 0 }, "accept"],
    ["one missing", { missing: 1 }, "accept"],
    ["1,000 of 100,000: the number decides", { missing: 1000 }, "accept"],
    ["1,001 of 100,000", { missing: 1001 }, "max_delete 1000"],
    ["5 % of 10,000", { known: 10_000, missing: 500 }, "accept"],
    ["501 of 10,000: the share decides", { known: 10_000, missing: 501 }, "max_delete 500"],
    ["20 of 30: never under 20", { known: 30, missing: 20 }, "accept"],
    ["21 of 30", { known: 30, missing: 21 }, "max_delete 20"],
    ["the only entry, and the source is empty", { known: 1, missing: 1, empty: true }, "empty 20"],
    ["one missing on another file system", { missing: 1, foreign: 1 }, "foreign 1000"],
    ["many missing, some foreign", { missing: 9999, foreign: 1 }, "foreign 1000"],
    ["empty and foreign", { missing: 9, foreign: 9, empty: true }, "foreign 1000"],
    ["max_delete = 0", { missing: 20, maxDelete: { percent: 0, entries: 0 } }, "accept"],
    ["max_delete = 0, one more", {
      missing: 21,
      maxDelete: { percent: 0, entries: 0 },
    }, "max_delete 20"],
  ];
  for (const [given, input, then] of cases) {
    const verdict = guardDeletions({ ...scan, ...input });
    assert.equal(verdict.accept ? "accept" : `${verdict.guard} ${verdict.limit}`, then, given);
  }
});

Deno.test("losing less is never refused where losing more is accepted", () => {
  const known = fc.nat(1_000_000);
  const max = fc.record({ percent: fc.nat(100), entries: fc.nat(5000) });
  fc.assert(fc.property(known, known, known, max, (known, a, b, maxDelete) => {
    const [less, more] = a < b ? [a, b] : [b, a];
    const verdict = (missing: number) => guardDeletions({ ...scan, known, missing, maxDelete });
    assert.ok(verdict(less).accept || !verdict(more).accept);
  }));
});

const base: EntryStat = {
  ...{ type: "file", sparse: false, mode: 0o644, uid: 0, gid: 0, fileId: 5n, size: 10n },
  ...{ mtime: 100n, ctime: 100n, birth: 0n, rdev: 0n },
};

Deno.test("an entry changed less than the window before its read is racy", () => {
  const racy = (stat: Partial<EntryStat>, start: bigint, window: bigint) =>
    isRacy(packStat({ ...base, ...stat }), start, window);
  assert.equal(racy({ ctime: 80n }, 100n, 20n), false, "exactly the window");
  assert.equal(racy({ ctime: 81n }, 100n, 20n), true);
  assert.equal(racy({ ctime: 200n }, 100n, 20n), true, "from the future");
  assert.equal(racy({ mtime: 200n, ctime: 10n }, 100n, 20n), false, "ctime counts, not mtime");
  assert.equal(racy({ mtime: 90n, ctime: 0n }, 100n, 20n), true, "but mtime where there is none");
  const padded = new Uint8Array(72);
  padded.set(packStat({ ...base, ctime: 81n }), 8);
  assert.equal(isRacy(padded.subarray(8), 100n, 20n), true, "a view into a listing");
});

const stored: ContentRow = {
  ...{ stored: 9, sha256: new Uint8Array(32).fill(7), key: null, version: "v1", etag: "e" },
  storageClass: null,
  ...{ since: 0, header: 0 },
};

function rowOf(stat: Partial<EntryStat>, content: ContentRow, target?: string): EntryRow {
  return {
    ...{ folder: 1, name: bytesOfText("n"), stat: packStat({ ...base, ...stat }), links: 1 },
    ...{ target: target === undefined ? null : bytesOfText(target), attributes: null, state: 0 },
    ...{ position: 9, content, checked: 0, occupant: 0, occupantSince: 0 },
  };
}

function seen(stat: Partial<EntryStat>, more: Partial<ObservedEntry> = {}): ObservedEntry {
  return { ...observedOfStat("n", "changed", packStat({ ...base, ...stat }), {}), ...more };
}

Deno.test("content after an observation: a file's is former, with its hash while the size is equal", () => {
  const file = rowOf({}, stored);
  assert.deepEqual(contentAfter(file, seen({ mtime: 5n })), { ...stored, stored: -9 });
  assert.deepEqual(contentAfter(file, seen({ size: 11n })), { ...NO_CONTENT, stored: -9 });
  assert.deepEqual(contentAfter(file, seen({}, { kept: true })), stored);
  const former = rowOf({}, { ...stored, stored: -9 });
  const unknown = "the observation between them may have been stored, and nobody told";
  assert.deepEqual(
    contentAfter(former, seen({ mtime: 6n })),
    { ...NO_CONTENT, stored: -9 },
    unknown,
  );
  const removed = { ...former, state: REMOVED };
  assert.deepEqual(contentAfter(removed, seen({ mtime: 6n })), { ...stored, stored: -9 });
  assert.equal(contentAfter(former, seen({}, { kept: true })).stored, -9, "kept is not stored");
  assert.deepEqual(contentAfter(rowOf({}, NO_CONTENT), seen({})).sha256, null);
});

Deno.test("content after an observation: a marker serves as long as it says the same", () => {
  const link = rowOf({ type: "symlink", size: 0n }, stored, "a");
  const linkTo = (target: string) => seen({ type: "symlink", size: 0n, mtime: 5n }, { target });
  assert.deepEqual(contentAfter(link, linkTo("a")), stored);
  assert.deepEqual(contentAfter(link, linkTo("b")), { ...NO_CONTENT, stored: -9 });
  const gone = rowOf({ type: "symlink", size: 0n }, { ...stored, stored: -9 }, "a");
  assert.deepEqual(contentAfter(gone, linkTo("a")), stored, "back again, the marker still there");
  const device = rowOf({ type: "char", size: 0n, rdev: 3n }, stored);
  assert.equal(contentAfter(device, seen({ type: "char", size: 0n, rdev: 3n })).stored, 9);
  assert.equal(contentAfter(device, seen({ type: "char", size: 0n, rdev: 4n })).stored, -9);
});

Deno.test("of a removed entry's content the hash stays where it was seen stored", () => {
  assert.deepEqual(contentOfRemoved(stored), { ...stored, stored: -9 });
  assert.deepEqual(contentOfRemoved({ ...stored, stored: -9 }), { ...NO_CONTENT, stored: -9 });
  assert.deepEqual(contentOfRemoved(NO_CONTENT), NO_CONTENT);
});

Deno.test("content after an observation of another type is none: its key holds something else", () => {
  const former = { ...NO_CONTENT, stored: -9 };
  assert.deepEqual(contentAfter(rowOf({}, stored), seen({ type: "fifo", size: 0n })), former);
  const link = rowOf({ type: "symlink", size: 0n }, stored, "a");
  assert.deepEqual(contentAfter(link, seen({ size: 0n })), former);
});

Deno.test("the class: small objects and markers stay out of archives, markers out of all", () => {
  const cases: [wanted: string, size: bigint, then: string][] = [
    ["STANDARD", 5n, "STANDARD"],
    ["STANDARD_IA", 5n, "STANDARD_IA"],
    ["STANDARD_IA", 0n, "STANDARD"],
    ["DEEP_ARCHIVE", 99n, "STANDARD"],
    ["DEEP_ARCHIVE", 100n, "DEEP_ARCHIVE"],
    ["GLACIER", 0n, "STANDARD"],
    ["GLACIER_IR", 100n, "GLACIER_IR"],
  ];
  for (const [wanted, size, then] of cases) {
    assert.equal(classFor(wanted, size, 100), then, `${wanted} ${size}`);
  }
});

Deno.test("names that would lead elsewhere are damage, on each platform", () => {
  for (const name of ["", ".", "..", "a/b", "/", "../x", "a\0b"]) {
    for (const windows of [false, true]) {
      assert.throws(() => checkRestoreName(name, windows), { kind: "damage" }, name);
    }
  }
});

Deno.test("all other names are good on Linux, and on Windows those that it can hold", () => {
  fc.assert(fc.property(anyName.filter((name) => name !== "." && name !== ".."), (name) => {
    checkRestoreName(name, false);
  }));
  const bad = [
    "a\\b",
    "C:",
    "a:stream",
    "nul",
    "NUL.txt",
    "com1",
    "Com\u00b9",
    "lpt9.x",
    "aux ",
    "x ",
    "x.",
    "a\tb",
    "a?",
  ];
  for (const name of bad) {
    assert.throws(() => checkRestoreName(name, true), { kind: "entry" }, name);
  }
  for (const name of ["nulls", "com", "com10", "..a", "a b", "\u00e9"]) {
    checkRestoreName(name, true);
  }
});
