import assert from "node:assert/strict";
import fc from "fast-check";
import {
  base64url,
  bytesOfBase64url,
  chunkListText,
  HASHES_IN_PIECE,
  hashesOfPiece,
  hashPieces,
  type ListedChunk,
  parseChunkList,
} from "../../src/core/pack/chunk_list.ts";
import { isKind } from "../../src/core/error.ts";
import { seed } from "../seed.ts";
import { assertGolden } from "./golden.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex());
const chunk: fc.Arbitrary<ListedChunk> = fc.record({
  size: fc.integer({ min: 1, max: 2 ** 40 }),
  sha256: hash,
}, { noNullPrototype: true });

function sizeOf(chunks: readonly ListedChunk[]): number {
  return chunks.reduce((sum, { size }) => sum + size, 0);
}

function isDamage(work: () => unknown): void {
  assert.throws(work, (error) => isKind(error, "damage"));
}

Deno.test(`a list of chunks comes back from its text (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(chunk), (chunks) => {
      assert.deepEqual(parseChunkList(chunkListText(chunks), sizeOf(chunks)), chunks);
    }),
    { seed },
  );
});

Deno.test("the text of a list is as written down", () => {
  const chunks = [2_097_152, 1, 4_194_304].map((size, i) => ({
    size,
    sha256: `${i}a`.repeat(32),
  }));
  assertGolden("chunk_list.txt", chunkListText(chunks));
});

Deno.test("a list that was changed anywhere is damage", () => {
  const chunks = ["aa", "bb", "cc"].map((byte, i) => ({ size: i + 10, sha256: byte.repeat(32) }));
  const text = chunkListText(chunks);
  const lines = text.split("\n");
  const texts = [
    ...[text.slice(0, -1), text + "\n", text.slice(1), `${text}33 1 ${"dd".repeat(32)}\n`],
    ...[text.replace("10 11", "11 11"), text.replace("10 11", "10 12"), text.toUpperCase()],
    ...[text.replace("10 11", "010 11"), text.replace("10 11", "10 +11"), text.replace("aa", "a")],
    ...[lines.slice(1).join("\n"), lines.toSpliced(1, 1).join("\n"), text.replace("\n", "\r\n")],
    ...[lines.slice(0, 2).join("\n") + "\n", "", `0 0 ${"aa".repeat(32)}\n${text}`],
    `0 9007199254740993 ${"aa".repeat(32)}\n`,
  ];
  for (const other of texts) isDamage(() => parseChunkList(other, 33));
  isDamage(() => parseChunkList(text, 34));
  assert.deepEqual(parseChunkList(text, 33), chunks);
});

Deno.test("hashes come back from pieces of at most a thousand", () => {
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const hashes = Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, "0"));
    const pieces = [...hashPieces(hashes)];
    assert.equal(pieces.length, Math.ceil(count / HASHES_IN_PIECE));
    assert.deepEqual(pieces.flatMap(({ chunks }) => hashesOfPiece(chunks)), hashes);
    assert.deepEqual(pieces.map(({ from }) => from), pieces.map((_, i) => i * HASHES_IN_PIECE));
    for (const { chunks } of pieces) assert.match(chunks, /^[A-Za-z0-9_-]+$/);
  }
});

Deno.test("a piece that is not whole hashes, or not in the one form of base64url, is damage", () => {
  const one = base64url(new Uint8Array(32).fill(255));
  assert.deepEqual(hashesOfPiece(one), ["ff".repeat(32)]);
  const pieces = [
    ...["", "AAAA", `${one}=`, ` ${one}`, one.replaceAll("_", "/"), `${one.slice(0, -1)}9`],
    base64url(new Uint8Array(33)),
    base64url(new Uint8Array(32 * (HASHES_IN_PIECE + 1))),
  ];
  for (const piece of pieces) isDamage(() => hashesOfPiece(piece));
});

Deno.test(`bytes come back from base64url (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(bytesOfBase64url(base64url(bytes)), bytes);
    }),
    { seed },
  );
});
