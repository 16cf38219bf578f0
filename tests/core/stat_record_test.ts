import assert from "node:assert/strict";
import fc from "fast-check";
import {
  attributesOfObserved,
  observedOfStat,
  statOfObserved,
} from "../../src/core/index/observed_stat.ts";
import {
  ENTRY_TYPES,
  type EntryStat,
  packStat,
  STAT_RECORD_BYTES,
  typeAt,
  typeCode,
  unpackStat,
} from "../../src/core/stat_record.ts";
import { assertGolden } from "./golden.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const i64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const anyStat: fc.Arbitrary<EntryStat> = fc.record({
  type: fc.constantFrom(...ENTRY_TYPES),
  sparse: fc.boolean(),
  dos: fc.integer({ min: 0, max: 0xffff }),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  ...{ uid: u32, gid: u32, fileId: u64, mtime: i64, ctime: i64, birth: i64 },
  size: fc.bigInt(0n, 2n ** 63n - 1n),
  rdev: u64,
}, { noNullPrototype: true }).map((stat) => stat.type === "file" ? stat : { ...stat, size: 0n });

Deno.test("a packed stat comes back, also from within a listing", () => {
  fc.assert(fc.property(anyStat, anyStat, (a, b) => {
    const two = new Uint8Array(2 * STAT_RECORD_BYTES);
    two.set(packStat(a));
    two.set(packStat(b), STAT_RECORD_BYTES);
    assert.deepEqual(unpackStat(two), a);
    assert.deepEqual(unpackStat(two, STAT_RECORD_BYTES), b);
    assert.equal(typeAt(two, STAT_RECORD_BYTES), b.type);
  }));
});

Deno.test("a record comes back from its observation, through JSON", () => {
  fc.assert(fc.property(anyStat, (stat) => {
    const record = packStat(stat);
    const attributes = '[["user.a","AQ=="]]';
    const entry = observedOfStat("n", "added", record, { attributes });
    const read = JSON.parse(JSON.stringify(entry));
    assert.deepEqual(statOfObserved(read), record);
    assert.equal(attributesOfObserved(read), attributes);
  }));
});

Deno.test("the layout of the record is as written down", () => {
  const stat: EntryStat = {
    ...{ type: "fifo", sparse: true, mode: 0o7654, uid: 0x01020304, gid: 0x05060708 },
    ...{ fileId: 0xf1f2f3f4f5f6f7f8n, size: 0x1112131415161718n, mtime: -2n, ctime: 3n },
    ...{ birth: 4n, rdev: (259n << 32n) | 7n },
  };
  const hex = packStat(stat).toHex().match(/.{16}/g)!.join("\n");
  assertGolden("stat_record.txt", hex + "\n");
});

Deno.test("an unknown type is no type", () => {
  assert.throws(() => typeAt(new Uint8Array(STAT_RECORD_BYTES)), RangeError);
  assert.throws(() => typeAt(new Uint8Array(STAT_RECORD_BYTES).fill(7)), RangeError);
  assert.throws(() => typeCode("socket" as "file"), RangeError);
});
