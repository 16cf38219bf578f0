import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import { END_BYTES, END_FRAME } from "../../src/core/pack/pack_end.ts";
import { frameAt, skippableFrame } from "../../src/core/pack/zstd_frames.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { hasCommand, run, withFolder } from "../sources/tree_tools.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

const { frame, unframe } = platformHashing;

function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  return bytes;
}

function assertDamage(run: () => unknown): void {
  assert.throws(run, (error) => isKind(error, "damage"));
}

Deno.test("a frame is one frame, says its content's size, and comes back", () => {
  const sizes = [0, 1, 63, 64, 255, 256, 4095, 65_791, 131_071, 131_072, 131_073, 1_048_576];
  for (const size of [...sizes, 3_000_001]) {
    for (const plain of [noise(size), new Uint8Array(size)]) {
      const framed = frame(plain);
      const expected = { kind: "frame", length: framed.length, contentSize: size };
      assert.deepEqual(frameAt(framed, 0), expected);
      assert.deepEqual(unframe(framed, size), plain);
    }
  }
});

Deno.test("the end of a pack is unframed too, though it does not say its size", () => {
  assert.deepEqual(unframe(END_FRAME, END_BYTES), new Uint8Array(END_BYTES));
  assertDamage(() => unframe(END_FRAME, END_BYTES - 1));
  assertDamage(() => unframe(END_FRAME, END_BYTES + 1));
});

Deno.test("a frame that is cut off, longer, empty or of another size is damage", () => {
  const plain = noise(300_000);
  const framed = frame(plain);
  for (const length of [0, 3, 9, 131_000, framed.length - 1]) {
    assertDamage(() => unframe(framed.subarray(0, length), plain.length));
  }
  const longer = new Uint8Array([...framed, ...frame(plain)]);
  assertDamage(() => unframe(longer, plain.length));
  assertDamage(() => unframe(longer, 2 * plain.length));
  assertDamage(() => unframe(framed, plain.length - 1));
  assertDamage(() => unframe(framed, plain.length + 1));
  assertDamage(() => unframe(skippableFrame(100), 0));
  assertDamage(() => unframe(new Uint8Array(100), 100));
});

Deno.test("a frame that holds more than it should is not unpacked to its end", () => {
  const bomb = zstdCompressSync(new Uint8Array(100_000_000));
  assertDamage(() => unframe(bomb, 1000));
});

Deno.test("a bit that is flipped is damage, or changes the content", () => {
  const plain = new TextEncoder().encode("some words, and some words again ".repeat(200));
  const framed = frame(plain);
  fc.assert(
    fc.property(fc.nat({ max: framed.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
      const flipped = framed.slice();
      flipped[at] ^= 1 << bit;
      try {
        assert.equal(unframe(flipped, plain.length).length, plain.length);
      } catch (error) {
        assert.ok(isKind(error, "damage"), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("the command zstd reads frames, one after the other", async () => {
  if (!hasCommand("frames by zstd", "zstd")) return;
  await withFolder((folder) => {
    const pieces = [noise(5000), new Uint8Array(0), new TextEncoder().encode("text ".repeat(9999))];
    Deno.writeFileSync(`${folder}/a.zst`, Uint8Array.from(pieces.flatMap((p) => [...frame(p)])));
    run("zstd", ["-dq", "a.zst"], { cwd: folder });
    const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    assert.deepEqual(Deno.readFileSync(`${folder}/a`), whole);
  });
});
