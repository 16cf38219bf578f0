import assert from "node:assert/strict";
import fc from "fast-check";
import { chunkEnd, GEAR, MAX_CHUNK, MIN_CHUNK } from "../../src/core/pack/content_chunks.ts";
import { seed } from "../seed.ts";
import { assertGolden } from "./golden.ts";

const MIB = 1024 * 1024;

/** Bytes of xorshift32 (Marsaglia 2003): the same everywhere. */
function randomBytes(bytes: number, start: number): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  let state = start | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer);
}

function cutsOf(content: Uint8Array): number[] {
  const cuts: number[] = [];
  for (let at = 0;;) {
    at = chunkEnd(content, at, content.length, true);
    if (at < 0) return cuts;
    cuts.push(at);
  }
}

function sizesOf(cuts: readonly number[]): number[] {
  return cuts.map((cut, i) => cut - (cuts[i - 1] ?? 0));
}

/** As a caller does that reads a stream: a buffer of MAX_CHUNK and one read, filled and emptied. */
function cutsOfReads(content: Uint8Array, readSizes: readonly number[]): number[] {
  const buffer = new Uint8Array(MAX_CHUNK + Math.max(...readSizes));
  const cuts: number[] = [];
  let [read, begin, end] = [0, 0, 0];
  for (let i = 0;; i++) {
    const isEnd = read === content.length;
    for (let cut; (cut = chunkEnd(buffer, begin, end, isEnd)) >= 0;) {
      begin = cut;
      cuts.push(read - end + cut);
    }
    if (isEnd) return cuts;
    buffer.copyWithin(0, begin, end);
    [begin, end] = [0, end - begin];
    const piece = content.subarray(read, read + readSizes[i % readSizes.length]);
    buffer.set(piece, end);
    read += piece.length;
    end += piece.length;
  }
}

Deno.test("the gear table and the cuts of known contents are as they were ever", () => {
  const table = Array.from(GEAR, (gear) => (gear >>> 0).toString(16).padStart(8, "0"));
  const lines = Array.from({ length: 32 }, (_, i) => table.slice(i * 8, i * 8 + 8).join(" "));
  const contents: [string, Uint8Array][] = [
    ["random bytes of seed 1", randomBytes(24 * MIB, 1)],
    ["random bytes of seed 2", randomBytes(24 * MIB, 2)],
    ["zeros", new Uint8Array(9 * MIB)],
    ["hexadecimal digits", hexDigits(randomBytes(6 * MIB, 3))],
  ];
  for (const [name, content] of contents) lines.push(`${name}: ${cutsOf(content).join(" ")}`);
  assertGolden("content_chunks.txt", lines.join("\n") + "\n");
});

function hexDigits(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(bytes.toHex());
}

Deno.test("chunks are of at least the least and at most the most bytes, but for the last", () => {
  const sizes = sizesOf(cutsOf(randomBytes(96 * MIB, 5)));
  const total = sizes.reduce((sum, size) => sum + size);
  assert.equal(total, 96 * MIB);
  const last = sizes.pop()!;
  assert.ok(last > 0 && last <= MAX_CHUNK);
  for (const size of sizes) assert.ok(size > MIN_CHUNK && size <= MAX_CHUNK, `${size}`);
  const average = (total - last) / sizes.length / MIB;
  assert.ok(average > 1.7 && average < 2.2, `${average} MiB on average`);
});

Deno.test("what is shorter than the least chunk is one chunk, and nothing is none", () => {
  const content = randomBytes(2 * MIB, 6);
  assert.equal(chunkEnd(content, 7, 7, true), -1);
  assert.equal(chunkEnd(content, 7, 7, false), -1);
  assert.equal(chunkEnd(content, 7, 8, true), 8);
  assert.equal(chunkEnd(content, 7, 7 + MIN_CHUNK, true), 7 + MIN_CHUNK);
  assert.equal(chunkEnd(content, 0, content.length, false), -1);
});

Deno.test(`the cuts are the same however the content is read (seed ${seed})`, () => {
  const content = randomBytes(20 * MIB, seed);
  content.fill(0, 6 * MIB, 12 * MIB);
  const cuts = cutsOf(content);
  const size = fc.integer({ min: 1, max: 5 * MIB });
  const reads = fc.array(size, { minLength: 1, maxLength: 5 })
    .filter((sizes) => sizes.some((size) => size > 100_000));
  fc.assert(
    fc.property(reads, (sizes) => assert.deepEqual(cutsOfReads(content, sizes), cuts)),
    { seed, numRuns: 12 },
  );
});

Deno.test(`a chunk depends on nothing before it (seed ${seed})`, () => {
  const content = randomBytes(12 * MIB, seed);
  const cuts = cutsOf(content);
  const rest = cutsOf(content.subarray(cuts[1]));
  assert.deepEqual(rest.map((cut) => cut + cuts[1]), cuts.slice(2));
});

Deno.test("an edit changes the chunk that it is in, and seldom the next", () => {
  const content = randomBytes(64 * MIB, 9);
  const edited = content.slice();
  for (let i = 0; i < 10; i++) edited[Math.floor((i * 6.4 + 3) * MIB)] ^= 1;
  const changed = changedBytes(content, edited) / content.length;
  assert.ok(changed > 0 && changed < 0.5, `${changed} of the bytes are in changed chunks`);
  const shifted = new Uint8Array(content.length + 3);
  shifted.set(content, 3);
  assert.ok(changedBytes(content, shifted) < 9 * MIB, "three bytes put in front");
});

/** Bytes of the chunks of `now` that are no chunks of `before`. */
function changedBytes(before: Uint8Array, now: Uint8Array): number {
  const known = new Set(chunkTexts(before).map(({ text }) => text));
  return chunkTexts(now).reduce((sum, { text, size }) => sum + (known.has(text) ? 0 : size), 0);
}

/** FNV-1a and the size tell chunks apart well enough here. */
function chunkTexts(content: Uint8Array): { text: string; size: number }[] {
  let from = 0;
  return cutsOf(content).map((cut) => {
    let hash = 0x811c9dc5;
    for (let at = from; at < cut; at++) hash = Math.imul(hash ^ content[at], 0x01000193);
    const size = cut - from;
    from = cut;
    return { text: `${hash} ${size}`, size };
  });
}
