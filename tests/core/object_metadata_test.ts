import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeMetadata,
  encodeMetadata,
  METADATA_NAME,
  type MetadataInput,
  objectMetadata,
  withSidecar,
} from "../../src/core/mirror/object_metadata.ts";
import { sidecarKey } from "../../src/core/mirror/object_key.ts";
import { textOfJson } from "../../src/core/path_text.ts";
import { packStat } from "../../src/core/stat_record.ts";
import { anyPath } from "./any_name.ts";
import { assertGolden } from "./golden.ts";

const LOG = "22".repeat(16);

const file: MetadataInput = {
  log: LOG,
  position: 42,
  stat: packStat({
    ...{ type: "file", sparse: false, mode: 0o640, uid: 1000, gid: 100, rdev: 0n },
    ...{ fileId: 0xffff_ffff_ffff_ffffn, size: 5_000_000_000n },
    ...{ mtime: 1_700_000_000_123_456_789n, ctime: 1n, birth: 1_600_000_000_000_000_001n },
  }),
  owner: "anna",
  group: "users",
  sha256: "ab".repeat(32),
  attributes: '[["user.note","AQID"]]',
};

const symlink: MetadataInput = {
  log: LOG,
  position: 7,
  stat: packStat({
    ...{ type: "symlink", sparse: false, mode: 0o777, uid: 0, gid: 0, rdev: 0n },
    ...{ fileId: 3n, size: 0n, mtime: -1n, ctime: 1n, birth: 0n },
  }),
  target: "../\udcff",
  attributes: null,
};

const device: MetadataInput = {
  log: LOG,
  position: 8,
  stat: packStat({
    ...{ type: "char", sparse: false, mode: 0o666, uid: 0, gid: 0, rdev: (1n << 32n) | 3n },
    ...{ fileId: 4n, size: 0n, mtime: 0n, ctime: 1n, birth: 0n },
  }),
  attributes: null,
};

Deno.test("the header of each kind of object is as written down", () => {
  const lines = [file, symlink, device].flatMap((input) => {
    const metadata = objectMetadata(input);
    return [JSON.stringify(metadata), `${METADATA_NAME}: ${encodeMetadata(metadata)}`];
  });
  const sidecar = withSidecar(objectMetadata(file), sidecarKey(LOG, 42, "0"));
  assertGolden("object_metadata.txt", [...lines, JSON.stringify(sidecar)].join("\n") + "\n");
});

Deno.test("a header is ASCII, at most 2 KB with its name, and says what it was made of", () => {
  fc.assert(
    fc.property(anyPath, fc.nat(3000), (target, length) => {
      const long = target.padEnd(length, "x");
      const metadata = objectMetadata({ ...symlink, target: long });
      const header = encodeMetadata(metadata);
      if (header === undefined) return assert.ok(JSON.stringify(metadata).length > 1500);
      assert.match(header, /^[A-Za-z0-9_-]+$/);
      assert.ok(header.length + METADATA_NAME.length <= 2048);
      const decoded = decodeMetadata(header)!;
      assert.deepEqual(decoded, JSON.parse(JSON.stringify(metadata)));
      assert.equal(textOfJson(decoded.target!), long);
    }),
  );
});

Deno.test("what does not fit names its sidecar, and that always fits", () => {
  const attributes = JSON.stringify([["user.large", "A".repeat(60_000)]]);
  const metadata = objectMetadata({
    ...{ ...file, attributes, target: "x".repeat(4095) },
    ...{ owner: "o".repeat(256), group: "g".repeat(256) },
  });
  assert.equal(encodeMetadata(metadata), undefined);
  const header = encodeMetadata(withSidecar(metadata, sidecarKey(LOG, 2 ** 52, "f".repeat(16))));
  const decoded = decodeMetadata(header!)!;
  assert.equal(decoded.attributes, undefined);
  assert.equal(decoded.target, undefined);
  assert.equal(decoded.sha256, file.sha256);
  assert.match(decoded.sidecar!, /^\.holdfast\/sidecars\//);
});

Deno.test("a header that is not ours is no metadata", () => {
  for (const value of ["", "!", "bm90IGpzb24", "e30", btoa('{"v":2,"log":"x"}'), btoa("null")]) {
    assert.equal(decodeMetadata(value), undefined, value);
  }
});
