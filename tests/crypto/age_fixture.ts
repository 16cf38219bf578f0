/** What the tests of encryption share: bodies, keys, and files made chunk by chunk. */
import assert from "node:assert/strict";
import { type ErrorKind, HoldfastError } from "../../src/core/error.ts";
import { generateIdentity } from "../../src/crypto/age_identities.ts";
import { ageOpener } from "../../src/crypto/age_opener.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import { AGE_CHUNK, AGE_TAG } from "../../src/core/pack/pack_layout.ts";
import type { AgeFile, Opener, Sealer } from "../../src/ports/cipher.ts";

/** Around the ends of chunks. */
export const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 1 << 20];

/** Bytes that differ from chunk to chunk. */
export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

export interface Pair {
  readonly identity: string;
  readonly recipient: string;
  readonly sealer: Sealer;
  readonly opener: Opener;
}

export async function newPair(postQuantum = false): Promise<Pair> {
  const { identity, recipient } = await generateIdentity({ postQuantum });
  const [sealer, opener] = [await ageSealer([recipient]), await ageOpener([identity])];
  return { identity, recipient, sealer, opener };
}

/** One sealed chunk. */
export function sealedChunk(
  file: AgeFile,
  plain: Uint8Array,
  counter: number,
  last: boolean,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(plain.length + AGE_TAG);
  assert.equal(file.chunk(plain, { counter, last }, out, 0), out.length);
  return out;
}

export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * A file as a pack is written: full chunks, after each of them the tail sealed in advance. Gives the
 * header, the chunks, and the tails (the first one before any chunk).
 */
export async function filledFile(
  sealer: Sealer,
  plain: Uint8Array,
  tail: Uint8Array,
): Promise<{ header: Uint8Array; chunks: Uint8Array[]; tails: Uint8Array[] }> {
  const file = await sealer.begin();
  const chunks: Uint8Array[] = [];
  const tails = [sealedChunk(file, tail, 0, true)];
  for (let counter = 0; counter < plain.length / AGE_CHUNK; counter++) {
    const chunk = plain.subarray(counter * AGE_CHUNK, (counter + 1) * AGE_CHUNK);
    chunks.push(sealedChunk(file, chunk, counter, false));
    tails.push(sealedChunk(file, tail, counter + 1, true));
  }
  return { header: file.header, chunks, tails };
}

/** Rejects with this kind, and says nothing of these texts. */
export async function refused(
  promise: Promise<unknown>,
  kind: ErrorKind,
  said: RegExp,
  ...secrets: string[]
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HoldfastError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, said);
    const all = [error.message, error.hint, error.stack, String(error.cause)].join("\n") +
      JSON.stringify(error.context);
    for (const secret of secrets) {
      assert.ok(!all.toLowerCase().includes(secret.toLowerCase()), "tells a secret");
    }
    return true;
  });
}
