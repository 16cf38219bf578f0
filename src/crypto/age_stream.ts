/** The payload of an age file: STREAM over ChaCha20-Poly1305 (C2SP age.md, "Payload"). */
import { hkdfSync } from "node:crypto";
import { HoldfastError } from "../core/error.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import type { AgeFile, OpenedFile } from "../ports/cipher.ts";
import type { Aead } from "./age_aead.ts";

/** Bytes of the nonce between header and payload. */
export const NONCE = 16;

const SEALED = AGE_CHUNK + AGE_TAG;

/** The key of a file's payload; the nonce makes it another one for each file. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/**
 * Seals the chunks of one file, in order. A nonce that seals two plaintexts gives both away, so a
 * chunk of the middle is sealed once and only as the next one; the last one may be sealed again after
 * each of them, always with the same plaintext. Anything else is a mistake of the program: an Error.
 */
export function chunkSealer(aead: Aead, key: Uint8Array): AgeFile["chunk"] {
  let next = 0;
  let ending: Uint8Array | undefined;
  return (plain, { counter, last }, out, at) => {
    if (counter !== next) {
      throw new Error(`chunk ${counter} may not be sealed: the next one is ${next}`);
    }
    if (!fits(plain.length, counter, last)) {
      throw new Error(`chunk ${counter} may not be sealed: it has ${plain.length} bytes`);
    }
    if (at + plain.length + AGE_TAG > out.length) throw new Error(`no room for chunk ${counter}`);
    if (last) {
      ending ??= plain.slice();
      if (!isSame(ending, plain)) {
        throw new Error("a last chunk was sealed with other bytes before");
      }
    } else {
      next++;
    }
    aead.seal(key, nonceOf(counter, last), plain, out, at);
    return plain.length + AGE_TAG;
  };
}

/** Opens the chunks of one file, in any order. */
export function chunkOpener(aead: Aead, key: Uint8Array): OpenedFile["chunk"] {
  return (sealed, { counter, last }) => {
    const plain = fits(sealed.length - AGE_TAG, counter, last)
      ? aead.open(key, nonceOf(counter, last), sealed)
      : undefined;
    if (plain !== undefined) return plain;
    throw new HoldfastError(
      "damage",
      `chunk ${counter} of the age file is not what was sealed: changed, moved or cut off`,
      { context: { chunk: counter } },
    );
  };
}

/** Bytes of the payload of so many bytes. */
export function sealedLength(plain: number): number {
  return plain + AGE_TAG * Math.max(1, Math.ceil(plain / AGE_CHUNK));
}

/** Seals a whole payload into `out` at `at`. */
export function sealPayload(
  seal: AgeFile["chunk"],
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const final = Math.max(0, Math.ceil(plain.length / AGE_CHUNK) - 1);
  for (let counter = 0; counter <= final; counter++) {
    const chunk = plain.subarray(counter * AGE_CHUNK, (counter + 1) * AGE_CHUNK);
    seal(chunk, { counter, last: counter === final }, out, at + counter * SEALED);
  }
}

/** Opens a whole payload. */
export function openPayload(open: OpenedFile["chunk"], payload: Uint8Array): Uint8Array {
  const final = Math.max(0, Math.ceil(payload.length / SEALED) - 1);
  const rest = Math.max(0, payload.length - final * SEALED - AGE_TAG);
  const plain = new Uint8Array(final * AGE_CHUNK + rest);
  for (let counter = 0; counter <= final; counter++) {
    const chunk = payload.subarray(counter * SEALED, (counter + 1) * SEALED);
    plain.set(open(chunk, { counter, last: counter === final }), counter * AGE_CHUNK);
  }
  return plain;
}

function fits(length: number, counter: number, last: boolean): boolean {
  if (!last) return length === AGE_CHUNK;
  return length <= AGE_CHUNK && (length > 0 || (length === 0 && counter === 0));
}

/** 11 bytes of counter, big-endian, and one that marks the last chunk. */
function nonceOf(counter: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(counter));
  if (last) nonce[11] = 1;
  return nonce;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
