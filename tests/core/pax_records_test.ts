import assert from "node:assert/strict";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import {
  attributeKey,
  attributeName,
  nsOfPaxTime,
  paxBytes,
  type PaxRecord,
  paxTime,
  rawOfText,
  readPax,
  textOfRaw,
  writePax,
} from "../../src/core/pack/pax_records.ts";
import { anyNameBytes } from "./any_name.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

function written(records: readonly PaxRecord[]): Uint8Array {
  const bytes = new Uint8Array(paxBytes(records));
  assert.equal(writePax(bytes, 0, records), bytes.length);
  return bytes;
}

Deno.test("a record's length counts its own digits", () => {
  for (let size = 0; size < 1100; size++) {
    const bytes = written([["k", "v".repeat(size)]]);
    const text = textOfRaw(bytes);
    assert.equal(text, `${bytes.length} k=${"v".repeat(size)}\n`);
  }
  assert.equal(paxBytes([["k", "v".repeat(99_991)]]), 100_001);
});

Deno.test("records come back, whatever their values", () => {
  const key = anyNameBytes.map(textOfRaw).filter((key) => !key.includes("="));
  const value = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(fc.property(fc.array(fc.tuple(key, value)), (records) => {
    assert.deepEqual(readPax(written(records), 0), records);
  }));
});

Deno.test("what is no record is damage, with its place", () => {
  const broken = [
    ...["x", "5", "5 ", " a=b\n", "6 a=b", "6 a=b\n6 a=", "7 a=b\n", "5 a=b\n", "05 =b\n"],
    ...["-6 a=b\n", "6,a=b\n", "4 a\n", "9999999999999999 a=b\n", "2 \n", "5 =b\n"],
    "\0",
  ];
  for (const text of broken) {
    assert.throws(
      () => readPax(bytesOfText(text), 1000),
      (error) => isKind(error, "damage") && Number(error.context.offset) >= 1000,
      JSON.stringify(text),
    );
  }
});

Deno.test("times come back to the nanosecond, before 1970 too", () => {
  assert.equal(paxTime(0n), "0");
  assert.equal(paxTime(1_700_000_000_000_000_001n), "1700000000.000000001");
  assert.equal(paxTime(-1_500_000_000n), "-1.500000000");
  assert.equal(paxTime(-1n), "-0.000000001");
  fc.assert(fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), (ns) => {
    assert.equal(nsOfPaxTime(bytesOfText(paxTime(ns))), ns);
  }));
});

Deno.test("times of other tars are read, and what is no time is none", () => {
  const ns = (text: string) => nsOfPaxTime(bytesOfText(text));
  assert.equal(ns("1.5"), 1_500_000_000n);
  assert.equal(ns("1."), 1_000_000_000n);
  assert.equal(ns("1.1234567899"), 1_123_456_789n);
  for (const text of ["", "-", ".5", "1,5", "1e3", "1.x", " 1", "0x1", "1".repeat(65)]) {
    assert.equal(ns(text), undefined, text);
  }
});

Deno.test("names of attributes come back, and their keys hold no =", () => {
  fc.assert(fc.property(anyNameBytes, (name) => {
    const key = attributeKey(name);
    assert.doesNotMatch(key, /=/);
    assert.deepEqual(attributeName(key), name);
  }));
  assert.equal(attributeKey(bytesOfText("user.a=b%3D")), "SCHILY.xattr.user.a%3Db%253D");
  assert.deepEqual(attributeName("SCHILY.xattr.user.100%"), rawOfText("user.100%"));
});
