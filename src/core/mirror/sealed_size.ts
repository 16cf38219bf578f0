import { AGE_CHUNK, AGE_TAG } from "../pack/pack_layout.ts";

/**
 * Bytes of an object of the mirror that holds `plain` bytes of content: one age file where it begins
 * with a `header` (bytes of age header and nonce), the content itself where that is 0.
 */
export function sizeAsStored(plain: number, header: number): number {
  if (header === 0) return plain;
  return header + plain + AGE_TAG * Math.max(1, Math.ceil(plain / AGE_CHUNK));
}
