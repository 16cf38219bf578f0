import assert from "node:assert/strict";
import { elfEnd } from "../../scripts/offline_runtime.ts";

function elf(tableOffset: number, entrySize: number, entries: number): Uint8Array {
  const bytes = new Uint8Array(tableOffset + entrySize * entries);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  bytes[4] = 2;
  bytes[5] = 1;
  view.setBigUint64(0x28, BigInt(tableOffset), true);
  view.setUint16(0x3a, entrySize, true);
  view.setUint16(0x3c, entries, true);
  return bytes;
}

Deno.test("the runtime ends behind the section header table, whatever was appended", () => {
  const bytes = elf(128, 64, 3);
  assert.equal(elfEnd(bytes), 128 + 64 * 3);
  assert.equal(elfEnd(new Uint8Array([...bytes, 1, 2, 3])), 128 + 64 * 3);
});

Deno.test("what is no 64-bit ELF file, or a cut one, is refused", () => {
  assert.throws(() => elfEnd(new Uint8Array(200)), /not a 64-bit ELF/);
  assert.throws(() => elfEnd(elf(128, 64, 3).subarray(0, 300)), /cut short/);
});
