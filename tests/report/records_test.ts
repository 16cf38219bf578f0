import assert from "node:assert/strict";
import { RECORD_FIELDS } from "../../scripts/record_fields.ts";
import { costOf } from "../../src/core/cost/cost.ts";
import { noRun } from "../../src/core/cost/price_run.ts";
import { emptyTally } from "../../src/core/cost/storage_tally.ts";
import { HoldfastError } from "../../src/core/error.ts";
import type { EntryStat } from "../../src/core/stat_record.ts";
import type { RunRow } from "../../src/core/index/run_fold.ts";
import { priceRecord } from "../../src/report/cost_text.ts";
import { runCostRecord, storedCostRecord } from "../../src/report/stored_cost_text.ts";
import { entryLine, longEntryLine, modeText } from "../../src/report/entry_text.ts";
import { collatedLine, collatedRecord } from "../../src/report/collated_text.ts";
import { differenceRecord } from "../../src/report/diff_text.ts";
import { errorRecord } from "../../src/report/error_text.ts";
import { foundRecord } from "../../src/report/found_text.ts";
import { historyRecord } from "../../src/report/history_text.ts";
import {
  entryRecord,
  memberRecord,
  type OutputRecord,
  recordLine,
  signalRecord,
} from "../../src/report/records.ts";
import { objectLine, objectRecord } from "../../src/report/object_text.ts";
import { restoreRecord } from "../../src/report/restore_job_text.ts";
import { restorePlanRecord } from "../../src/report/restore_plan_text.ts";
import { uploadRecord } from "../../src/report/upload_text.ts";
import { UTC } from "../../src/core/time_text.ts";

const stat: EntryStat = {
  type: "file",
  sparse: false,
  mode: 0o644,
  uid: 1000,
  gid: 100,
  fileId: 7n,
  size: 12_345n,
  mtime: 1_777_593_600_123_456_789n,
  ctime: 0n,
  birth: 0n,
  rdev: 0n,
};

const RUN: RunRow = {
  ...{ run: "aa", command: "backup", host: "h", user: "u", pid: 1, position: 1 },
  ...{ started: "2026-11-21T00:00:00.000Z", finished: null, outcome: null },
  ...{ interrupted: false, description: null },
};

const COUNT = { objects: 1, bytes: 2 };
const QUOTE = { ...costOf([]), groups: [], wait: undefined };

const records: OutputRecord[] = [
  entryRecord("a/\udcff", stat, { sha256: "00" }),
  entryRecord("l", { ...stat, type: "symlink" }, { target: "x" }),
  memberRecord("a", stat, { file: "x.tar.zst", here: true }),
  collatedRecord({ path: "a/\udcff", entries: 3, files: 2, bytes: 10n, storedBytes: 4n }),
  priceRecord("plan", costOf([])),
  storedCostRecord("a", emptyTally("GLACIER"), costOf([])),
  runCostRecord({ run: RUN, tally: noRun(), cost: costOf([]) }),
  {
    record: "snapshot",
    position: 12,
    at: "2026-05-01T00:00:00.000Z",
    entries: 1,
    bytes: 2,
    gaps: 0,
    sources: [{ name: "", digest: "00" }],
    content: "partial",
    lost: 1,
    forgotten: null,
    description: null,
  },
  objectRecord({ key: "a", size: 1, etag: "e", storageClass: "STANDARD", lastModified: 0 }),
  {
    ...{ record: "identity", file: "/k", recipient: "age1", kind: "x25519", passphrase: false },
  },
  { record: "recipient", recipient: "age1", kind: null, config: true, repository: false },
  { record: "share", name: "data", kind: "disk", comment: "" },
  { record: "diagnosis", step: "port", ok: false, text: "refused", hint: null },
  foundRecord({ path: "a", type: "file", ranges: [{ from: 3, until: undefined }] }, [5]),
  differenceRecord({
    ...{ kind: "renamed", path: "b", from: "a", type: "file", changed: [], before: 1n, after: 1n },
  }),
  historyRecord({
    ...{ position: 3, at: "2026-05-01T00:00:00.000Z", run: "00", path: "a" },
    fact: { what: "removed" },
  }, undefined),
  {
    ...{ record: "forget", position: 5, at: "2026-05-01T00:00:00.000Z", keep: true },
    ...{ reasons: ["the newest"], gaps: 0, lost: 0 },
  },
  uploadRecord({
    ...{ key: "a", upload: "id", path: "a", known: true },
    ...{ since: 0, parts: 2, bytes: 10 },
  }, 1000),
  restorePlanRecord({
    ...{ job: 1, isResumed: false, tier: "Bulk", days: 7, entries: 1, bytes: 2 },
    ...{ cold: COUNT, warming: COUNT, warm: COUNT, asked: COUNT, approved: COUNT },
    ...{ quote: QUOTE, choices: [{ tier: "Bulk", quote: QUOTE }], downloads: undefined },
  }),
  restoreRecord({
    row: {
      ...{ job: 1, position: 9, at: "2026-05-01T00:00:00.000Z", state: "open", target: '"/out"' },
      ...{ selection: '{"paths":[],"include":[],"exclude":[]}', restored: 5, overwrite: "never" },
      ...{ tier: "Bulk", days: 7, entries: "1", bytes: "2", objects: 1, objectBytes: 2 },
      ...{ quoted: null, approved: 1, extra: 0, slower: false, written: 0 },
      ...{ outcome: null, ended: null },
    },
    ...{ objects: { cold: 0, warming: 1, warm: 0 }, bytes: { cold: 0, warming: 2, warm: 0 } },
    ...{ eta: 1, expiry: 0, requests: 1 },
  }),
  { record: "rename", path: "b", folder: false, key: "a", aliased: true },
  { record: "step", action: "upload", path: "a", size: 1, reason: "new" },
  { record: "summary", command: "backup", job: "photos", exit: 0, seconds: 1.5, totals: {} },
  signalRecord({ kind: "phase", name: "scan" }),
  signalRecord({ kind: "scan", entries: 1, bytes: 2, path: "a" }),
  signalRecord({ kind: "replay", done: 1, total: 2 }),
  signalRecord({
    kind: "upload",
    done: 1,
    total: 2,
    bytes: 3,
    totalBytes: 4,
    current: "a",
  }),
  signalRecord({ kind: "notice", text: "x" }),
  signalRecord({ kind: "entry-error", path: "a", reason: "EIO" }),
  errorRecord(new HoldfastError("guard", "refused")),
];

Deno.test("every record is one line of JSON with exactly the documented fields", () => {
  for (const record of records) {
    const line = recordLine(record);
    assert.ok(!line.includes("\n"));
    const { record: name, ...fields } = JSON.parse(line);
    const documented = RECORD_FIELDS[name as OutputRecord["record"]];
    assert.deepEqual(Object.keys(fields).sort(), Object.keys(documented.fields).sort(), name);
  }
});

Deno.test("every documented record but the free ones is tried here", () => {
  const tried = new Set(records.map(({ record }) => record));
  const missing = Object.keys(RECORD_FIELDS).filter((name) =>
    !tried.has(name as OutputRecord["record"])
  );
  assert.deepEqual(missing, ["status", "stats"]);
});

Deno.test("totals of folders stand one under the other, however large they are", () => {
  const small = { path: "", entries: 1, files: 0, bytes: 0n, storedBytes: 0n };
  assert.equal(collatedLine(small), "          1            0        0 B        0 B  ./");
  const large = { entries: 12_345_678, files: 9_876_543, bytes: 1n << 50n, storedBytes: 1536n };
  assert.equal(
    collatedLine({ path: "a\nb", ...large }),
    " 12,345,678    9,876,543      1 PiB    1.5 KiB  a\\x0ab/",
  );
});

Deno.test("an entry is listed as ls(1) lists it", () => {
  assert.equal(entryLine("a\nb", "folder"), "a\\x0ab/");
  assert.equal(
    longEntryLine("a/b", stat, { zone: UTC }),
    "-rw-r--r--  1000:100             12,345  2026-05-01 00:00:00  a/b",
  );
  assert.equal(
    longEntryLine("l", { ...stat, type: "symlink", size: 0n }, { zone: UTC, target: "x" }),
    "lrw-r--r--  1000:100                  -  2026-05-01 00:00:00  l -> x",
  );
  assert.match(
    longEntryLine("d", { ...stat, type: "block", rdev: (8n << 32n) | 1n }, { zone: UTC }),
    / 8, 1 /,
  );
});

Deno.test("modes have their special bits", () => {
  assert.equal(modeText({ type: "folder", mode: 0o1777 }), "drwxrwxrwt");
  assert.equal(modeText({ type: "file", mode: 0o4755 }), "-rwsr-xr-x");
  assert.equal(modeText({ type: "file", mode: 0o6644 }), "-rwSr-Sr--");
  assert.equal(modeText({ type: "fifo", mode: 0 }), "p---------");
});

Deno.test("an object of the store is a line with size, class, time and key", () => {
  const object = { key: "a\nb", size: 1536, etag: "e", storageClass: "GLACIER", lastModified: 0 };
  assert.equal(
    objectLine(object, UTC),
    "  1.5 KiB  GLACIER       1970-01-01 00:00:00  a\\x0ab",
  );
});
