import assert from "node:assert/strict";
import { classOfFile, type ClassRule } from "../../src/core/mirror/class_rules.ts";

const DAY = 86_400_000;
const KIB = 1024;
const now = 1_000n * BigInt(DAY) * 1_000_000n;

const file = (path: string, size: number, ageDays = 0) => ({
  ...{ path, size: BigInt(size) },
  mtime: now - BigInt(ageDays) * BigInt(DAY) * 1_000_000n,
});

const classes: ClassRule[] = [
  { storageClass: "STANDARD", matches: (path) => path.endsWith(".xmp") },
  { storageClass: "DEEP_ARCHIVE", minSize: 1024 * KIB, olderThan: 30 * DAY },
  { storageClass: "STANDARD_IA", maxSize: 4 * KIB },
  { storageClass: "GLACIER", matches: (path) => path.endsWith(".iso") },
];
const choice = { storageClass: "GLACIER_IR", minArchiveSize: 128 * KIB, classes };

Deno.test("the class of a file: the first rule that fits, else the job's", () => {
  const cases: [then: string, given: ReturnType<typeof file>][] = [
    ["STANDARD", file("a/b.xmp", 2048 * KIB, 100)],
    ["DEEP_ARCHIVE", file("film", 1024 * KIB, 30)],
    ["GLACIER_IR", file("film", 1024 * KIB, 29)],
    ["GLACIER_IR", file("film", 1023 * KIB, 300)],
    ["STANDARD_IA", file("small.iso", 4 * KIB)],
    ["GLACIER", file("image.iso", 500 * KIB)],
    ["GLACIER_IR", file("other", 500 * KIB)],
    // From the future.
    ["GLACIER_IR", file("film", 2048 * KIB, -1)],
  ];
  for (const [then, given] of cases) {
    assert.equal(classOfFile(choice, given, now), then, `${given.path} ${given.size}`);
  }
});

Deno.test("whatever a rule says, small and empty files stay in Standard where it is an archive", () => {
  assert.equal(classOfFile(choice, file("tiny.iso", 100 * KIB), now), "STANDARD");
  assert.equal(classOfFile(choice, file("empty.iso", 0), now), "STANDARD");
  const low = { ...choice, minArchiveSize: 0 };
  assert.equal(classOfFile(low, file("tiny.iso", 100 * KIB), now), "GLACIER");
  assert.equal(classOfFile(low, file("empty", 0), now), "STANDARD");
});

Deno.test("without rules all files are of the job's class", () => {
  const plain = { storageClass: "GLACIER", minArchiveSize: 1 };
  assert.equal(classOfFile(plain, file("a", 1), now), "GLACIER");
});
