/** What objects of other tools are compared by. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { DigestName } from "../../src/ports/hashing.ts";

function digest(name: DigestName, pieces: readonly Uint8Array[]): string {
  const hash = platformHashing.incremental(name);
  for (const piece of pieces) hash.update(piece);
  return hash.digest().toHex();
}

Deno.test("CRC64NVME of 123456789 is the check value of the NVM Express specification", () => {
  assert.equal(digest("crc64nvme", [new TextEncoder().encode("123456789")]), "ae8b14860a799888");
  assert.equal(digest("crc64nvme", []), "0000000000000000");
});

Deno.test("digests do not depend on where the bytes are cut, and are what others compute", () => {
  const bytes = new Uint8Array(100_003);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919 >> 5) & 0xff;
  const node = (name: string) => createHash(name).update(bytes).digest("hex");
  const expected: Record<DigestName, string> = {
    ...{ md5: node("md5"), sha1: node("sha1"), sha256: node("sha256") },
    crc32: crc32(bytes).toString(16).padStart(8, "0"),
    crc64nvme: slowCrc64(bytes),
  };
  for (const [name, hex] of Object.entries(expected) as [DigestName, string][]) {
    assert.equal(digest(name, [bytes]), hex, name);
    const cuts = [0, 1, 8, 9, 4099, 70_000, bytes.length];
    const pieces = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
    assert.equal(digest(name, pieces), hex, `${name} in pieces`);
  }
});

/** Bit by bit, as the specification has it. */
function slowCrc64(bytes: Uint8Array): string {
  const all = 0xffffffffffffffffn;
  let crc = all;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n;
    }
  }
  return (crc ^ all).toString(16).padStart(16, "0");
}
