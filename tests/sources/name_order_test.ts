import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, compareBytes } from "../../src/core/path_text.ts";
import { nameOrder } from "../../src/sources/local/name_order.ts";

function sorted(names: Uint8Array[]): Uint8Array[] {
  const starts = new Uint32Array(names.length + 1);
  names.forEach((name, i) => starts[i + 1] = starts[i] + name.length + 1);
  const bytes = new Uint8Array(starts[names.length]);
  names.forEach((name, i) => bytes.set(name, starts[i]));
  const order = nameOrder(bytes, starts, names.length);
  return order === undefined ? names : Array.from(order, (i) => names[i]);
}

function check(names: Uint8Array[]): void {
  assert.deepEqual(sorted(names), [...names].sort(compareBytes));
}

const text = (name: string) => bytesOfText(name);

Deno.test("names come in byte order, whatever their bytes and lengths", () => {
  const byte = fc.integer({ min: 1, max: 255 });
  const name = fc.array(byte, { minLength: 1, maxLength: 9 }).map((it) => Uint8Array.from(it));
  fc.assert(fc.property(fc.array(name, { maxLength: 60 }), check), { numRuns: 1000 });
});

Deno.test("names of few letters, with long shared beginnings and repeats, come in byte order", () => {
  const letters = fc.array(fc.constantFrom(0x61, 0x62), { maxLength: 6 });
  const name = letters.map((it) => Uint8Array.from([0x70, 0x71, 0x72, 0x73, ...it]));
  fc.assert(fc.property(fc.array(name, { minLength: 20, maxLength: 90 }), check), {
    numRuns: 1000,
  });
});

Deno.test("names that are in order already need no order", () => {
  const bytes = text("a\0b\0c\0");
  assert.equal(nameOrder(bytes, Uint32Array.of(0, 2, 4, 6), 3), undefined);
});

Deno.test("one name that begins all others comes first", () => {
  check(Array.from({ length: 40 }, (_, i) => text("same".repeat(3) + "x".repeat(39 - i))));
});

Deno.test("many times the same name is no endless sort", () => {
  check(Array.from({ length: 50 }, (_, i) => text(i === 49 ? "twice" : "twicf")));
});
