/**
 * A Bloom filter of contents: says of most that were not added that they were not, in a fraction of the
 * time that a look into an index of a million takes. 16 bits and four of them for each content: of those
 * that were not added, about 1 in 400 may seem to be there.
 */
export interface ContentFilter {
  add(sha256: Uint8Array): void;
  /** False only where it was not added. */
  mayHave(sha256: Uint8Array): boolean;
}

const BITS_EACH = 16;
/** 32-bit words of a SHA-256 that are looked at: each is as random as a hash of its own. */
const WORDS = 4;

/** `expected`: contents that will be added, about; more make it answer true more often. */
export function contentFilter(expected: number): ContentFilter {
  const wanted = Math.min(2 ** 28, Math.max(1024, expected * BITS_EACH));
  const mask = 2 ** Math.ceil(Math.log2(wanted)) - 1;
  const bits = new Uint32Array((mask + 1) / 32);
  return {
    add(sha256) {
      for (let i = 0; i < WORDS; i++) {
        const bit = wordAt(sha256, i * 4) & mask;
        bits[bit >>> 5] |= 1 << (bit & 31);
      }
    },
    mayHave(sha256) {
      for (let i = 0; i < WORDS; i++) {
        const bit = wordAt(sha256, i * 4) & mask;
        if ((bits[bit >>> 5] & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}
