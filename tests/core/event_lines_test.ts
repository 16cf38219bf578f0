import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { AnyNewEvent, EventData, EventType } from "../../src/core/event/event.ts";
import {
  chainHash,
  eventLine,
  type Genesis,
  genesisHash,
  genesisLine,
  parseLine,
} from "../../src/core/event/line.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import {
  checkRepository,
  decodeRepository,
  encodeRepository,
  type RepositoryFile,
} from "../../src/core/repository_file.ts";
import { packStat } from "../../src/core/stat_record.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { assertGolden } from "./golden.ts";

const { sha256 } = platformHashing;
const LOG = "22".repeat(16);
const RUN = "33".repeat(16);

const GENESIS: Genesis = {
  format: 1,
  repository: "11".repeat(16),
  log: LOG,
  job: "home",
  key: "44".repeat(32),
  parent: null,
};

const file = packStat({
  ...{ type: "file", sparse: true, mode: 0o640, uid: 1000, gid: 100, rdev: 0n },
  ...{ fileId: 2n ** 64n - 1n, size: 5_000_000_000n },
  ...{ mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_001_000_000_001n, birth: 5n },
});
const device = packStat({
  ...{ type: "block", sparse: false, mode: 0o660, uid: 0, gid: 6, rdev: (8n << 32n) | 1n },
  ...{ fileId: 9n, size: 0n, mtime: -1n, ctime: 2n, birth: 0n },
});
const link = packStat({
  ...{ type: "symlink", sparse: false, mode: 0o777, uid: 0, gid: 0, rdev: 0n },
  ...{ fileId: 10n, size: 0n, mtime: 1n, ctime: 2n, birth: 0n },
});
const folder = packStat({
  ...{ type: "folder", sparse: false, mode: 0o755, uid: 0, gid: 0, rdev: 0n },
  ...{ fileId: 11n, size: 0n, mtime: 1n, ctime: 2n, birth: 0n },
});

/** One of each type, with every field that it may have: a type without an example does not compile. */
const EXAMPLES: { readonly [T in EventType]: EventData[T] } = {
  RepositoryCreated: { repository: "11".repeat(16), layout: "mirror", url: "s3://bucket/prefix" },
  StoreProbed: {
    url: "s3://bucket/prefix",
    features: { conditionalPut: "yes", versions: "the bucket keeps no versions" },
  },
  RunStarted: {
    ...{ command: "backup", job: "home", host: "machine", user: "anna", pid: 4711 },
    ...{ program: "holdfast 0.1.0", config: "55".repeat(32) },
  },
  RunFinished: { outcome: 3, totals: { entries: "2", bytes: "5000000000" } },
  RunInterrupted: { run: "66".repeat(16) },
  GuardOverridden: { source: "docs", guard: "max_delete", missing: 1234 },
  ScanStarted: {
    ...{ source: "docs", path: "/home/anna/docs", rules: '["",".cache"]' },
    ...{ fileSystem: "ext4:8712f817aade458d", walker: "full", single: true },
  },
  EntriesObserved: {
    source: "docs",
    seen: "1700000002000000000",
    folders: [
      {
        path: "",
        entries: [
          observedOfStat("", "added", folder, { fileSystem: "ext4:8712f817aade458d" }),
          {
            ...observedOfStat("n\u00e9w \u{1f600}", "added", file, {
              ...{ links: 2, attributes: '[["user.note","AQID"],[{"b64":"dXNlci7/"},""]]' },
            }),
            racy: true,
          },
          { ...observedOfStat("changed", "changed", file, { prev: 7 }), kept: true },
          { name: "same", change: "unchanged", type: "file", prev: 7 },
          { name: "gone", change: "removed", type: "file", prev: 7 },
        ],
      },
      {
        path: { b64: "/y9h" },
        entries: [
          observedOfStat("\udcff", "added", link, { target: "../\udcfe" }),
          observedOfStat("sda1", "added", device, {}),
          observedOfStat("log", "unstable", file, { prev: 8 }),
          { name: "read", change: "reread", type: "file", sha256: "77".repeat(32), prev: 8 },
          { name: "closed", change: "unreadable", type: "folder", reason: "EACCES", prev: 8 },
        ],
      },
    ],
  },
  ScanRefused: {
    ...{ source: "docs", guard: "foreign", missing: 21, limit: 20 },
    sample: ["a/b", { b64: "/w==" }],
  },
  ScanCompleted: {
    ...{ source: "docs", entries: "12", bytes: "5000000000", digest: "88".repeat(32) },
    fileSystem: "ext4:8712f817aade458d",
  },
  UploadStarted: { source: "docs", path: "big", key: "docs/big", size: "5000000000" },
  UploadCreated: { key: "docs/big", upload: "upload-1" },
  UploadAborted: { key: "docs/big", upload: "upload-1", reason: "the run failed" },
  ObjectsStored: {
    source: "docs",
    class: "STANDARD_IA",
    folders: [{
      path: "a",
      objects: [
        {
          ...{ name: "b", type: "file", key: `.holdfast/content/${LOG}/9-0`, version: "v1" },
          ...{ etag: "99".repeat(16), size: "3", sha256: "aa".repeat(32) },
          ...{ checksum: "crc32:352441c2", racy: true, prev: 9 },
        },
        { name: "c", type: "folder", etag: "bb".repeat(16), prev: 9 },
      ],
    }],
    multipart: "docs/a/b",
  },
  ObjectsRefused: { source: "docs", entries: [{ path: "a", reason: "the key is too long" }] },
  SnapshotCreated: {
    sources: [{ name: "docs", digest: "cc".repeat(32) }],
    ...{ entries: "12", bytes: "5000000000", gaps: 1 },
  },
  RestorePlanned: {
    ...{ to: "/tmp/out", position: 16, entries: "12", bytes: "5000000000", overwrite: "never" },
  },
  EntriesRestored: {
    ...{ entries: "11", bytes: "5000000000" },
    failed: [{ path: "docs/a", reason: "gone: docs/a is no longer in the store" }],
  },
  RestoreFinished: { outcome: 3, entries: "11", bytes: "5000000000", failed: "1" },
};

const place = { at: "2023-11-14T22:13:20.000Z", run: RUN };

function linesOfAll(): string[] {
  return Object.entries(EXAMPLES).map(([type, data], i) =>
    eventLine({ type, data } as AnyNewEvent, { ...place, position: i + 1 })
  );
}

Deno.test("a line of every type of event is as written down, and so is the chain over them", () => {
  const lines = linesOfAll();
  let hash = genesisHash(GENESIS, sha256);
  const chain = [hash];
  for (const line of lines) chain.push(hash = chainHash(hash, line, sha256));
  assertGolden("events.jsonl", [genesisLine(GENESIS), ...lines].join("\n") + "\n");
  assertGolden("event_hashes.txt", chain.join("\n") + "\n");
});

Deno.test("the chain is SHA-256 of the hash before in hex and the line, as sha256sum makes it", () => {
  const lines = linesOfAll();
  const plain = (text: string) => createHash("sha256").update(text).digest("hex");
  const first = plain(genesisLine(GENESIS));
  assert.equal(genesisHash(GENESIS, sha256), first);
  assert.equal(chainHash(first, lines[0], sha256), plain(first + lines[0]));
  const bytes = new TextEncoder().encode(lines[0]);
  assert.equal(chainHash(first, bytes, sha256), plain(first + lines[0]));
});

Deno.test("a line is read back as the event it was made of", () => {
  for (const [i, line] of linesOfAll().entries()) {
    const event = parseLine(line, i + 1);
    assert.equal(event.position, i + 1);
    assert.equal(event.version, 1);
    assert.deepEqual(event.data, JSON.parse(JSON.stringify(EXAMPLES[event.type])));
    assert.doesNotMatch(line, /\n/);
  }
});

Deno.test("a line that is no event is damage, one of a newer program is refused", () => {
  const line = linesOfAll()[0];
  assert.throws(() => parseLine(line, 2), { kind: "damage", message: /position 1/ });
  for (const text of ["", "{", "null", "7", "[]"]) {
    assert.throws(() => parseLine(text, 1), { kind: "damage" }, text);
  }
  const newer = line.replace('"version":1', '"version":2');
  assert.throws(() => parseLine(newer, 1), { kind: "failed", message: /version 2.*not know/ });
  for (const type of ["PackStored", "toString", "__proto__"]) {
    const other = line.replace("RepositoryCreated", type);
    assert.throws(() => parseLine(other, 1), { kind: "failed", message: /not know/ }, type);
  }
});

const REPOSITORY: RepositoryFile = {
  format: 1,
  repository: "11".repeat(16),
  layout: "mirror",
  created: "2023-11-14T22:13:20.000Z",
  jobs: { home: { sources: ["/home/anna"], repository: "s3://bucket/prefix" } },
  logs: [{ log: LOG, job: "home", key: "44".repeat(32), host: "machine" }],
};

Deno.test("repository.json is as written down, and is read back", () => {
  const bytes = encodeRepository(REPOSITORY);
  assertGolden("repository.json", new TextDecoder().decode(bytes));
  assert.deepEqual(decodeRepository(bytes, "s3://b"), REPOSITORY);
});

Deno.test("a repository.json that is not ours is refused, with a way out", () => {
  const decode = (text: string) => decodeRepository(new TextEncoder().encode(text), "s3://b");
  assert.throws(() => decode(""), { kind: "damage" });
  assert.throws(() => decode("{"), { kind: "damage" });
  for (const text of ["null", "[]", "{}", '{"format":2}', '{"format":"1"}']) {
    assert.throws(() => decode(text), { kind: "no-repository", hint: /nothing was written/ }, text);
  }
  const pack = '{"format":1,"layout":"pack"}';
  assert.throws(() => decode(pack), { kind: "no-repository", message: /layout "pack"/ });
  assert.throws(() => decode('{"format":1,"layout":"mirror"}'), { kind: "damage" });
  assert.throws(() => checkRepository(REPOSITORY, "00".repeat(16), "s3://b"), {
    kind: "no-repository",
  });
  checkRepository(REPOSITORY, "11".repeat(16), "s3://b");
});
