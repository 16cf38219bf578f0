import { createCipheriv, createDecipheriv } from "node:crypto";
import { AGE_TAG } from "../core/pack/pack_layout.ts";

/** ChaCha20-Poly1305 (RFC 8439) without additional data: key of 32 bytes, nonce of 12, tag of AGE_TAG. */
export interface Aead {
  /** Writes the sealed bytes and their tag into `out` at `at`; `out` may not overlap `plain`. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void;
  /** The plaintext; undefined where the tag does not fit. `sealed` is AGE_TAG bytes or more. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

let picked: Promise<Aead> | undefined;

/** The runtime's own where it has one, else one in JavaScript, at a sixth of the speed. */
export function pickAead(): Promise<Aead> {
  picked ??= hasNative() ? Promise.resolve(nativeAead) : portableAead();
  return picked;
}

/** Asked by use: a list of names would not say that it works. */
function hasNative(): boolean {
  try {
    nativeAead.seal(
      new Uint8Array(32),
      new Uint8Array(12),
      new Uint8Array(),
      new Uint8Array(AGE_TAG),
      0,
    );
    return true;
  } catch {
    return false;
  }
}

const NAME = "chacha20-poly1305";
const OPTIONS = { authTagLength: AGE_TAG };

const nativeAead: Aead = {
  seal(key, nonce, plain, out, at) {
    const cipher = createCipheriv(NAME, key, nonce, OPTIONS);
    out.set(cipher.update(plain), at);
    cipher.final();
    out.set(cipher.getAuthTag(), at + plain.length);
  },
  open(key, nonce, sealed) {
    const end = sealed.length - AGE_TAG;
    const decipher = createDecipheriv(NAME, key, nonce, OPTIONS);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  },
};

/** In JavaScript, by @noble/ciphers: for runtimes without their own. */
export async function portableAead(): Promise<Aead> {
  const { chacha20poly1305 } = await import("@noble/ciphers/chacha.js");
  return {
    seal: (key, nonce, plain, out, at) => out.set(chacha20poly1305(key, nonce).encrypt(plain), at),
    open(key, nonce, sealed) {
      try {
        return chacha20poly1305(key, nonce).decrypt(sealed);
      } catch {
        return undefined;
      }
    },
  };
}
