/** Smaller ones may lie in a buffer that others share (Node's `Buffer.poolSize`), and do not matter. */
const WORTH = 64 * 1024;

/**
 * Gives the memory of bytes back at once that nobody looks at any more: left to the garbage collector,
 * up to 64 MiB of them come together in each thread before it looks (docs/decisions/young_generation.md).
 * The bytes must have their buffer to themselves.
 */
export function freeBytes({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= WORTH) (buffer as ArrayBuffer).transfer(0);
}
