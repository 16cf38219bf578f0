import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import { END_BYTES, END_FRAME } from "../../src/core/pack/pack_end.ts";
import { frameAt, type FramePlace, skippableFrame } from "../../src/core/pack/zstd_frames.ts";
import { hasCommand, run, withFolder } from "../sources/tree_tools.ts";
import { concat } from "./tar_fixture.ts";

interface FrameParts {
  readonly plain: Uint8Array;
  readonly hasSize: boolean;
  readonly hasChecksum: boolean;
  readonly level: number;
}

/** A frame as node makes it, with an empty one behind it where it does so. */
function compressed({ plain, hasSize, hasChecksum, level }: FrameParts): Uint8Array {
  const options = {
    ...(hasSize ? { pledgedSrcSize: plain.length } : {}),
    params: {
      [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0,
      [constants.ZSTD_c_compressionLevel]: level,
    },
  };
  return new Uint8Array(zstdCompressSync(plain, options));
}

const plain = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 60_000, max: 600_000 })),
  fc.integer({ min: 1, max: 255 }),
  fc.nat({ max: 2 ** 31 }),
).map(([size, values, seed]) => {
  const bytes = new Uint8Array(size);
  let next = seed;
  for (let i = 0; i < size; i++) {
    next = (Math.imul(next, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = (next >>> 16) % values;
  }
  return bytes;
});
const anyFrame = fc.record({
  ...{ plain, hasSize: fc.boolean(), hasChecksum: fc.boolean() },
  level: fc.constantFrom(1, 3, 9),
});

function framesOf(bytes: Uint8Array): FramePlace[] {
  const frames: FramePlace[] = [];
  for (let at = 0; at < bytes.length; at += frames.at(-1)!.length) {
    const found = frameAt(bytes, at);
    assert.ok(found !== undefined, `cut off at ${at}`);
    frames.push(found);
  }
  return frames;
}

Deno.test("frames are found as they were put together, with skippable ones between", () => {
  const skip = fc.integer({ min: 8, max: 70_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(anyFrame, skip), { maxLength: 4 }), (parts) => {
      const pieces = parts.flatMap(([frame, skip]) => [compressed(frame), skippableFrame(skip)]);
      const found = framesOf(concat(pieces)).filter(({ contentSize }) => contentSize !== 0);
      const expected = parts.flatMap(([{ plain, hasSize }, skip]) => [
        ...(plain.length === 0 ? [] : [hasSize ? plain.length : undefined]),
        `${skip}`,
      ]);
      const seen = found.map(({ kind, length, contentSize }, i) =>
        kind === "skippable" ? `${length}` : (expected[i] === undefined ? undefined : contentSize)
      );
      assert.deepEqual(seen, expected);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a frame that is cut off anywhere is never taken for a whole one", () => {
  const frames = [
    ...[true, false].flatMap((hasSize) =>
      [true, false].map((hasChecksum) =>
        compressed({ plain: new Uint8Array(300).fill(1), hasSize, hasChecksum, level: 3 })
      )
    ),
    ...[skippableFrame(8), skippableFrame(40), END_FRAME],
  ];
  for (const frame of frames) {
    for (let end = 0; end < frame.length; end++) {
      assert.equal(frameAt(frame.subarray(0, end), 0), undefined);
    }
    assert.equal(frameAt(concat([frame, Uint8Array.of(1, 2)]), 0)?.length, frame.length);
  }
});

Deno.test("the empty frame that an encoder appends is a frame of no content", () => {
  const noise = crypto.getRandomValues(new Uint8Array(1000));
  const one = compressed({ plain: noise, hasSize: true, hasChecksum: false, level: 3 });
  const options = { pledgedSrcSize: noise.length, chunkSize: one.length };
  const two = zstdCompressSync(noise, options);
  assert.deepEqual(framesOf(two), [
    { kind: "frame", length: one.length, contentSize: 1000 },
    { kind: "frame", length: 9, contentSize: 0 },
  ]);
});

Deno.test("whatever else stands there is damage, and nothing makes it hang", () => {
  const isDamage = (hex: string) =>
    assert.throws(() => frameAt(Uint8Array.fromHex(hex), 0), (error) => isKind(error, "damage"));
  isDamage("00");
  isDamage("28b52f00");
  isDamage("60");
  isDamage("502a4d19");
  isDamage("28b52ffd2805010000");
  isDamage("28b52ffd2105010000");
  isDamage("28b52ffd2000070000");
  isDamage("28b52ffd20000400ff");
  isDamage("28b52ffde0ffffffffffffffff010000");
  fc.assert(fc.property(anyFrame, fc.nat(), fc.nat({ max: 7 }), (parts, place, bit) => {
    const frame = compressed(parts);
    frame[place % frame.length] ^= 1 << bit;
    try {
      const { length } = frameAt(frame, 0) ?? { length: 0 };
      assert.ok(length <= frame.length);
    } catch (error) {
      assert.ok(isKind(error, "damage"));
    }
  }));
});

Deno.test("sizes of all four widths are read", () => {
  const sizeOf = (hex: string) => frameAt(Uint8Array.fromHex(hex), 0)?.contentSize;
  assert.equal(sizeOf("28b52ffd20ff010000"), 255);
  assert.equal(sizeOf("28b52ffd60ffff010000"), 65_791);
  assert.equal(sizeOf("28b52ffda0ffffffff010000"), 4_294_967_295);
  assert.equal(sizeOf("28b52ffde00000000001000000010000"), 4_294_967_296);
});

Deno.test("a frame that does not say its size has that of its blocks, unless one is compressed", () => {
  const sizeOf = (hex: string) => frameAt(Uint8Array.fromHex(hex), 0)?.contentSize;
  assert.equal(sizeOf("28b52ffd0058010000"), 0);
  assert.equal(sizeOf("28b52ffd0058" + "100000aaaa" + "23000000"), 2 + 4);
  assert.equal(sizeOf("28b52ffd0058" + "100000aaaa" + "1500000000"), undefined);
});

Deno.test("a skippable frame has 8 bytes or more", () => {
  for (const total of [8, 9, 65_536]) {
    assert.deepEqual(frameAt(skippableFrame(total), 0), { kind: "skippable", length: total });
  }
  for (const total of [-1, 0, 7, 2 ** 32 + 8]) {
    assert.throws(() => skippableFrame(total), RangeError);
  }
});

Deno.test("the end of a pack is what it always was, and zstd makes 1,024 zeros of it", async () => {
  assert.equal(END_FRAME.toHex(), "28b52ffd00584d00001000000100fb2b8005");
  assert.deepEqual(frameAt(END_FRAME, 0), { kind: "frame", length: 18 });
  if (!hasCommand("the end of a pack", "zstd")) return;
  await withFolder((folder) => {
    const noise = crypto.getRandomValues(new Uint8Array(50_000));
    const frame = compressed({ plain: noise, hasSize: true, hasChecksum: false, level: 3 });
    Deno.writeFileSync(`${folder}/end.zst`, END_FRAME);
    Deno.writeFileSync(
      `${folder}/pack.zst`,
      concat([frame, skippableFrame(65_536), frame, skippableFrame(8), END_FRAME]),
    );
    run("zstd", ["-dq", "end.zst"], { cwd: folder });
    run("zstd", ["-dq", "pack.zst"], { cwd: folder });
    assert.deepEqual(Deno.readFileSync(`${folder}/end`), new Uint8Array(END_BYTES));
    const whole = concat([noise, noise, new Uint8Array(END_BYTES)]);
    assert.ok(Buffer.from(whole).equals(Deno.readFileSync(`${folder}/pack`)));
  });
});
