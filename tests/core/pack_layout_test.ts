import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AGE_CHUNK,
  AGE_TAG,
  chunkOf,
  PACK_INDEX_PREFIX,
  packIndexKey,
  packKey,
  packOfIndexKey,
  packOfKey,
  PACKS_PREFIX,
  paddingFor,
  SKIPPABLE_LEAST,
  storedOffset,
  storedSize,
} from "../../src/core/pack/pack_layout.ts";
import { seed } from "../seed.ts";

const pack = "0123456789abcdef0123456789abcdef";

Deno.test("keys of packs and of their indexes name the pack, and whether it is encrypted", () => {
  assert.equal(packKey(pack, true), `packs/01/${pack}.tar.zst.age`);
  assert.equal(packKey(pack, false), `packs/01/${pack}.tar.zst`);
  assert.equal(packIndexKey(pack, true), `.holdfast/index/01/${pack}.idx.zst.age`);
  assert.equal(packIndexKey(pack, false), `.holdfast/index/01/${pack}.idx.zst`);
  for (const isEncrypted of [true, false]) {
    assert.deepEqual(packOfKey(packKey(pack, isEncrypted)), { pack, isEncrypted });
    assert.deepEqual(packOfIndexKey(packIndexKey(pack, isEncrypted)), { pack, isEncrypted });
    assert.ok(packKey(pack, isEncrypted).startsWith(PACKS_PREFIX));
    assert.ok(packIndexKey(pack, isEncrypted).startsWith(PACK_INDEX_PREFIX));
  }
});

Deno.test("other keys name no pack", () => {
  const keys = [
    ...["", "packs/", `packs/${pack}.tar.zst`, `packs/02/${pack}.tar.zst`],
    ...[`packs/01/${pack}.tar`, `packs/01/${pack}.tar.zst.gpg`, `x/packs/01/${pack}.tar.zst`],
    ...[`packs/01/${pack.toUpperCase()}.tar.zst`, `packs/01/${pack}0.tar.zst`],
    ...[`packs/01/${pack}.tar.zst.age.age`, `packs/01/${pack}.tar.zst\n`],
  ];
  for (const key of keys) assert.equal(packOfKey(key), undefined, key);
  const others = keys.map((key) => key.replace("packs", ".holdfast/index").replace("tar", "idx"));
  for (const key of [...others, packKey(pack, true)]) {
    assert.equal(packOfIndexKey(key), undefined, key);
  }
});

/** The object byte by byte: "h" the header, "t" a tag, a number the byte of the stream that is there. */
function slowObject(header: number, stream: number): (string | number)[] {
  const bytes: (string | number)[] = Array(header).fill("h");
  for (let at = 0; at < stream; at++) {
    bytes.push(at);
    if (at % AGE_CHUNK === AGE_CHUNK - 1 || at === stream - 1) {
      bytes.push(...Array(AGE_TAG).fill("t"));
    }
  }
  return bytes;
}

Deno.test("a byte of the stream is where age puts it", () => {
  for (const stream of [1, AGE_CHUNK, 2 * AGE_CHUNK + 18]) {
    const geometry = { encryption: "age", header: 216 } as const;
    const object = slowObject(216, stream);
    assert.equal(storedSize(geometry, stream), object.length);
    for (let at = 0; at < stream; at++) assert.equal(object[storedOffset(geometry, at)], at);
  }
  const none = { encryption: "none", header: 0 } as const;
  assert.deepEqual([storedOffset(none, 200_000), storedSize(none, 200_000)], [200_000, 200_000]);
  assert.deepEqual([chunkOf(65_535), chunkOf(65_536), chunkOf(2 ** 40)], [0, 1, 2 ** 24]);
});

Deno.test(`padding fills the stream up to age's next chunk (seed ${seed})`, () => {
  assert.deepEqual(
    [0, 1, 65_528, 65_529, 65_535, 65_536].map(paddingFor),
    [0, 65_535, 8, 65_543, 65_537, 0],
  );
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(1000), (low, high) => {
      const stream = high * 2 ** 31 + low;
      const padding = paddingFor(stream);
      assert.equal((stream + padding) % AGE_CHUNK, 0);
      assert.ok(padding === 0 || padding >= SKIPPABLE_LEAST);
      assert.ok(padding < AGE_CHUNK + SKIPPABLE_LEAST);
    }),
    { seed },
  );
});
