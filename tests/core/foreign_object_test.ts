/** What other tools write beside their objects, and what is made of it. */
import assert from "node:assert/strict";
import { foreignMetadata, isNotedTime } from "../../src/core/mirror/foreign_metadata.ts";
import { partsOfEtag, usualPartSizes } from "../../src/core/mirror/foreign_parts.ts";
import {
  digestsWanted,
  type FileDigests,
  type ForeignFacts,
  judgeForeign,
} from "../../src/core/mirror/judge_foreign.ts";

const MIB = 1024 ** 2;
const MD5 = "764efa883dda1e11db47671c4a3bbd9e";

Deno.test("rclone's mtime and MD5 are read, as rclone v1.75.1 writes them", () => {
  const { mtime, md5 } = foreignMetadata({
    mtime: "1795318410.699333033",
    md5chksum: "QTkgAKO66ZQozTZhegQZeg==",
  });
  assert.deepEqual(mtime, { time: 1_795_318_410_699_333_033n, digits: 9 });
  assert.equal(md5, "41392000a3bae99428cd36617a04197a");
});

Deno.test("s3cmd's attributes are read, as s3cmd 2.4.0 writes them", () => {
  const { mtime, md5 } = foreignMetadata({
    "s3cmd-attrs": "atime:1795318413/ctime:1795318410/gid:0/gname:root/" +
      `md5:${MD5}/mode:33188/mtime:1577934245/uid:0/uname:root`,
  });
  assert.deepEqual(mtime, { time: 1_577_934_245_000_000_000n, digits: 0 });
  assert.equal(md5, MD5);
});

Deno.test("what cannot be read is left out", () => {
  const broken = { mtime: "yesterday", md5chksum: "AAAA", "s3cmd-attrs": "md5/mtime:" };
  const others: Record<string, string>[] = [{}, broken, { mtime: "1e9" }, { "s3cmd-attrs": "" }];
  for (const metadata of others) {
    assert.deepEqual(foreignMetadata(metadata), {});
  }
});

Deno.test("a time agrees as far as it was noted: whole seconds, or to the microsecond of a double", () => {
  const noted = (mtime: string) => foreignMetadata({ mtime }).mtime!;
  const file = 1_577_934_245_123_456_789n;
  for (const same of ["1577934245", "1577934245.123456789", "1577934245.12345672"]) {
    assert.ok(isNotedTime(file, noted(same)), same);
  }
  for (const other of ["1577934246", "1577934245.1234", "1577934245.2", "-1577934245"]) {
    assert.ok(!isNotedTime(file, noted(other)), other);
  }
  assert.ok(isNotedTime(-1_500_000_000n, noted("-2")), "before 1970 seconds are floors, too");
});

Deno.test("the sizes of parts are those of which so many make the size", () => {
  assert.equal(partsOfEtag(`${MD5}-3`), 3);
  for (const none of [MD5, `${MD5}-0`, `${MD5}-`, "x-3"]) {
    assert.equal(partsOfEtag(none), undefined);
  }
  assert.deepEqual(usualPartSizes(17_000_000, 3), [8 * MIB]);
  assert.deepEqual(usualPartSizes(17_000_000, 4), [5 * MIB]);
  assert.deepEqual(usualPartSizes(17_000_000, 2), [10 * MIB, 15 * MIB, 16 * MIB]);
  assert.deepEqual(usualPartSizes(1000, 1), [5 * MIB]);
  assert.deepEqual(usualPartSizes(17_000_000, 9), []);
});

const FILE: FileDigests = { sha256: "11".repeat(32), md5: MD5, checksum: "22", partEtags: ["e-2"] };
const asked: ForeignFacts = { etag: MD5, isEtagMd5: true, checksums: {} };
const multipart: ForeignFacts = { ...asked, etag: `${"ab".repeat(16)}-2` };
const noted = { mtime: { time: 5_000_000_000n, digits: 0 } };

Deno.test("each kind of evidence decides, the surest first", () => {
  const judge = (facts: ForeignFacts, file = FILE) => judgeForeign(facts, file, 5_500_000_000n);
  assert.deepEqual(judge(asked), { kind: "same", by: "etag" });
  assert.deepEqual(judge({ ...asked, etag: "cd".repeat(16) }), { kind: "other" });
  assert.deepEqual(judge({ ...asked, etag: "cd".repeat(16), isEtagMd5: undefined }), {
    kind: "unasked",
  });
  // A wrong checksum is not made good by a time that agrees.
  const crc = (crc64nvme: string) => judge({ ...multipart, ...noted, checksums: { crc64nvme } });
  assert.deepEqual(crc("22"), { kind: "same", by: "crc64nvme" });
  assert.deepEqual(crc("23"), { kind: "other" });
  assert.deepEqual(judge({ ...multipart, checksums: { sha256: FILE.sha256, crc32: "0" } }), {
    ...{ kind: "same", by: "sha256" },
  });
  assert.deepEqual(judge({ ...multipart, md5: MD5 }), { kind: "same", by: "md5" });
  assert.deepEqual(judge({ ...multipart, ...noted, md5: "ef".repeat(16) }), { kind: "other" });
  assert.deepEqual(judge({ ...multipart, etag: "e-2" }), { kind: "same", by: "part-etag" });
  assert.deepEqual(judge(multipart), { kind: "unproven" });
  assert.deepEqual(judge({ ...multipart, ...noted }), { kind: "unproven", by: "mtime" });
  assert.deepEqual(judgeForeign({ ...multipart, ...noted }, FILE, 6_000_000_000n), {
    kind: "other",
  });
});

Deno.test("under SSE-KMS an ETag that looks like an MD5 decides nothing", () => {
  const kms = { ...asked, etag: "cd".repeat(16), isEtagMd5: false };
  assert.deepEqual(judgeForeign(kms, FILE, 0n), { kind: "unproven" });
  assert.deepEqual(judgeForeign({ ...kms, md5: MD5 }, FILE, 0n), { kind: "same", by: "md5" });
  assert.deepEqual(digestsWanted({ ...kms, checksums: { crc32: "1" } }, 10), {
    ...{ md5: false, partSizes: [], checksum: "crc32" },
  });
});

Deno.test("only what may decide is computed of a file", () => {
  const none = { md5: false, partSizes: [] };
  assert.deepEqual(digestsWanted(asked, 10), { ...none, md5: true });
  assert.deepEqual(digestsWanted({ ...multipart, checksums: { sha256: "1" }, md5: MD5 }, 10), none);
  assert.deepEqual(digestsWanted(multipart, 12 * MIB), {
    ...{ md5: false, partSizes: [8 * MIB, 10 * MIB] },
  });
});
