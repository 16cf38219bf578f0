import type { AnyNewEvent, EventData, EventType } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { packStat } from "../../src/core/stat_record.ts";

export const LOG = "22".repeat(16);
export const RUN = "33".repeat(16);

const PACK = "aa".repeat(16);
const PACK_KEY = `packs/aa/${PACK}.tar.zst.age`;

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
  ObjectCopied: {
    source: "docs",
    class: "STANDARD",
    folders: [{
      path: "new",
      objects: [
        {
          ...{ name: "b", type: "file", version: "v2", etag: "99".repeat(16), size: "3" },
          ...{ sha256: "aa".repeat(32), from: "docs/old/b", was: 14, since: 9, over: 12, prev: 20 },
        },
      ],
    }],
  },
  RenamePlanned: {
    source: "docs",
    renames: [
      { path: "new", from: "docs/old/", folder: true, way: "copy", why: "STANDARD" },
      {
        path: { b64: "/w==" },
        from: "docs/x",
        way: "alias",
        why: "GLACIER_IR: a copy is paid for",
      },
    ],
  },
  RenameAliased: {
    source: "docs",
    renames: [{ path: "y", from: "docs/x", way: "alias", why: "the bucket keeps versions" }],
  },
  RenameSettled: {
    source: "docs",
    paths: [{ path: "new", folder: true }, { path: "y" }],
    obsolete: [{
      source: "docs",
      path: "old/b",
      key: "docs/old/b",
      stored: 12,
      since: 9,
      until: 20,
    }],
  },
  DeletionPlanned: {
    why: "renamed",
    objects: [{ source: "docs", path: "old", folder: true, key: "docs/old/", stored: 12 }],
  },
  ObjectDeleted: {
    why: "pruned",
    objects: [
      { source: "docs", path: "old/b", key: "docs/old/b", version: "v1", stored: 12, until: 20 },
      { key: ".holdfast/content/unknown", stored: 0 },
    ],
  },
  AliasesReleased: { keys: ["docs/x", "docs/old/"] },
  SourceRenamed: { from: "", to: "docs" },
  SnapshotForgotten: { snapshots: [{ position: 16, reason: "keep_daily 7" }] },
  Undone: { run: RUN, from: 30, to: 16, entries: "12", lost: "1" },
  LogSegmentShipped: {
    ...{ log: LOG, key: `.holdfast/log/${LOG}/0000000000000001.jsonl.zst` },
    ...{ first: 1, last: 40, head: "dd".repeat(32) },
  },
  RenamesShipped: {
    key: `.holdfast/renames/${LOG}/0000000000000040.jsonl.zst`,
    ...{ first: 1, last: 40 },
  },
  LogCheckpointed: {
    key: `.holdfast/checkpoints/${LOG}/0000000000000040`,
    position: 40,
    digests: { folders: "ee".repeat(32), entries: "ff".repeat(32) },
  },
  TakenOver: { log: LOG, position: 40, hash: "dd".repeat(32), host: "machine" },
  IndexRebuilt: {
    ...{ way: "mixed", segments: 3, objects: 7, records: 12 },
    missing: ["the log from 17 to 30 is not in the repository"],
  },
  ObjectDiscovered: { key: "docs/a", path: "a", log: LOG, position: 9 },
  ObjectVerified: {
    source: "docs",
    read: true,
    folders: [{ path: "a", names: ["b", { b64: "/w==" }] }],
  },
  ObjectMissing: {
    source: "docs",
    path: "a/b",
    key: "docs/a/b",
    reason: "there is no such object",
  },
  ObjectDamaged: { source: "docs", path: "a/b", key: "docs/a/b", reason: "its SHA-256 differs" },
  UploadResumed: { key: "docs/big", upload: "upload-1", parts: 3, bytes: "15728640" },
  RecipientsChanged: {
    recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
  },
  PackStarted: { pack: PACK, key: PACK_KEY, class: "DEEP_ARCHIVE", header: 216, encryption: "age" },
  ChunksPacked: { pack: PACK, chunks: [["88".repeat(32), 2_097_152, 512]] },
  ChunksListed: { sha256: "77".repeat(32), from: 0, chunks: "iIiI".repeat(10) + "iIg" },
  MembersPacked: {
    source: "docs",
    pack: PACK,
    folders: [{
      path: "new",
      objects: [
        { name: "sub", type: "folder", at: 2_099_712, prev: 8 },
        {
          ...{ name: "huge", type: "file", sha256: "77".repeat(32), size: "50000000" },
          ...{ at: 2_101_248, list: 83, racy: true, prev: 8 },
        },
        { name: "same", type: "file", sha256: "77".repeat(32), size: "50000000", prev: 8 },
      ],
    }],
  },
  PartPrepared: {
    ...{
      pack: PACK,
      part: 1,
      size: 16_777_216,
      crc32: "01234567",
      whole: "89abcdef",
      plain: "2101760",
    },
    ...{ frames: [[1_048_576, 2_101_760], [65_536, 0]], tail: "AQID" },
  },
  PackStored: {
    ...{ pack: PACK, key: PACK_KEY, size: "16777250", plain: "2101760", etag: "etag-1-2" },
    ...{ version: "v1", checksum: "crc32:89abcdef" },
  },
  MembersLost: {
    source: "docs",
    folders: [{ path: "new", entries: [{ name: "huge", type: "file", prev: 9 }] }],
  },
  PackAborted: { pack: PACK, key: PACK_KEY, upload: "upload-1", reason: "nothing of it was sent" },
  ObjectsAwaited: {
    job: 1,
    objects: [
      { key: "docs/a", version: "v1", class: "DEEP_ARCHIVE", size: "5000000000", quoted: true },
      { key: "docs/b", class: "INTELLIGENT_TIERING", archive: "ARCHIVE_ACCESS", size: "3" },
    ],
    last: true,
  },
  WarmUpPlanned: {
    ...{ job: 1, tier: "Bulk", days: 7 },
    objects: [{ key: "docs/a", version: "v1" }, { key: "docs/b" }],
    cost: "0.0125",
  },
  WarmUpRequested: {
    ...{ job: 1, intent: 50 },
    others: [
      { key: "docs/a", version: "v1", answer: "under way" },
      { key: "docs/b", answer: "not asked", reason: "there is no such object" },
    ],
    unspent: "0.0025",
  },
  ObjectWarm: {
    objects: [{ key: "docs/a", version: "v1", expiry: "2023-11-22T00:00:00.000Z" }, {
      key: "docs/b",
    }],
  },
  RestoredCopyExpired: { objects: [{ key: "docs/a", version: "v1" }] },
  RestoreApproved: {
    job: 1,
    quote: "0.5",
    approved: "12.5",
    tier: "Standard",
    days: 14,
    slower: true,
  },
  RestoreCancelled: { job: 1, reason: "a person has cancelled it" },
  ObjectHealed: {
    source: "docs",
    objects: [{
      ...{ path: "a/b", lost: 12, from: "docs/a/b" },
      content: {
        ...{ stored: 40, key: "docs/a/b", version: "v9", etag: "e9", sha256: "99".repeat(32) },
        ...{ class: "DEEP_ARCHIVE", header: 200 },
      },
    }, { path: "a/c", lost: 13 }],
  },
  BatchJobPlanned: {
    ...{
      operation: "restore",
      token: `${RUN}-50`,
      manifest: `.holdfast/batch/${RUN}-50/manifest.csv`,
    },
    ...{ etag: "e1", version: "v1", versions: true, report: `.holdfast/batch/${RUN}-50` },
    ...{ objects: 2000, job: 1, intents: [48, 49], tier: "Bulk", days: 7 },
  },
  BatchJobCreated: { intent: 50, id: "00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c" },
  BatchJobFinished: {
    ...{ intent: 50, id: "00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c", status: "Failed" },
    ...{ succeeded: 1990, failed: 10, reason: "TooManyFailures: the threshold was reached" },
  },
  StorageClassesFound: {
    objects: [
      { key: "docs/a", version: "v1", class: "DEEP_ARCHIVE" },
      { key: "docs/b", class: "INTELLIGENT_TIERING", archive: "ARCHIVE_ACCESS" },
    ],
  },
  DifferencesFound: {
    by: "list",
    objects: [
      {
        ...{ is: "missing", key: "docs/a/b", source: "docs", path: "a/b", stored: 12 },
        reason: "missing: no object docs/a/b",
      },
      {
        ...{ is: "newer", key: "docs/a/c", source: "docs", path: "a/c", stored: 12 },
        ...{ size: "7", etag: "e2", class: "STANDARD_IA" },
      },
      { is: "unknown", key: "docs/foreign", size: "9", etag: "e3" },
    ],
  },
  LockSet: { seconds: 2_592_000, mode: "governance" },
  LockExtended: {
    ...{ until: "2023-12-14T22:13:20.000Z", mode: "governance", through: 60 },
    ...{ objects: { STANDARD: 3, DEEP_ARCHIVE: 997 }, failed: 1, more: { folder: 7, name: "c" } },
  },
};

/** Fields that version 1 of a type got later; the lines above are as they always were. */
const LATER: AnyNewEvent[] = [
  { type: "RunStarted", data: { ...EXAMPLES.RunStarted, description: "before the move" } },
  {
    type: "UploadStarted",
    data: { ...EXAMPLES.UploadStarted, observed: 8, partSize: 8_388_608, class: "GLACIER_IR" },
  },
  {
    type: "SnapshotCreated",
    data: { ...EXAMPLES.SnapshotCreated, description: "before the move" },
  },
  {
    type: "EntriesObserved",
    data: {
      source: "docs",
      seen: "1700000003000000000",
      folders: [{
        path: "new",
        entries: [
          {
            ...observedOfStat("b", "added", file, {}),
            change: "moved",
            from: "old/b",
            evidence: "file id",
            content: {
              ...{ stored: 12, key: "docs/old/b", version: "v1", etag: "99".repeat(16) },
              ...{ sha256: "aa".repeat(32), class: "STANDARD_IA" },
            },
          },
          {
            ...observedOfStat("c", "added", file, { links: 2 }),
            change: "linked",
            from: { b64: "/w==" },
            evidence: "content",
            content: { stored: -12, key: "docs/old/b" },
          },
          {
            ...observedOfStat("d", "changed", file, { prev: 20 }),
            change: "reverted",
            content: { stored: 12, since: 9, key: "docs/new/d" },
          },
          { ...observedOfStat("sub", "added", folder, { prev: 7 }), change: "moved", from: "sub" },
        ],
      }],
    },
  },
  {
    type: "DeletionPlanned",
    data: {
      why: "deleted",
      objects: [{ key: PACK_KEY, version: "v2", stored: 30 }],
      ...{ lost: ["77".repeat(32)], snapshots: [[29, 1]] },
    },
  },
  { type: "ObjectVerified", data: { source: "", read: true, folders: [], packs: [PACK] } },
  {
    type: "ObjectDamaged",
    data: {
      ...{ source: "", path: "", key: PACK_KEY, stored: 30, contents: ["77".repeat(32)] },
      reason: "its SHA-256 differs",
    },
  },
  { type: "ChunksPacked", data: { pack: PACK, chunks: [["77".repeat(32), 50_000_000, 512, 83]] } },
  {
    type: "RestorePlanned",
    data: {
      ...EXAMPLES.RestorePlanned,
      ...{
        job: 1,
        selection: { paths: ["docs", { b64: "/w==" }], include: ["*.jpg"], exclude: [] },
      },
      ...{ tier: "Bulk", days: 7, objects: 2, objectBytes: "5000000003" },
      ...{ quote: "0.0125", approved: "5", slower: true },
    },
  },
  {
    type: "ObjectsStored",
    data: {
      ...{ source: "docs", class: "STANDARD", adopted: "part-etag" },
      folders: [{
        path: "a",
        objects: [{
          ...{ name: "big", type: "file", etag: `${"99".repeat(16)}-3`, size: "5000000000" },
          ...{ sha256: "aa".repeat(32), prev: 9 },
        }],
      }],
    },
  },
  { type: "EntriesRestored", data: { ...EXAMPLES.EntriesRestored, job: 1 } },
  { type: "RestoreFinished", data: { ...EXAMPLES.RestoreFinished, job: 1 } },
];

export function allEvents(): AnyNewEvent[] {
  const first = Object.entries(EXAMPLES).map(([type, data]) => ({ type, data }) as AnyNewEvent);
  return [...first, ...LATER];
}
