/** Holes are kept in pieces of this size, at multiples of it: what file systems allocate. */
export const HOLE_BYTES = 4096;

/**
 * The stretches of `bytes` that have to be written when they land at `position`: everything but
 * whole pieces of zeros. (A piece cut by the end of `bytes` counts by what is there: leaving zeros
 * out of a new file is always right.)
 */
export function dataRuns(bytes: Uint8Array, position: number): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let start = -1;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + HOLE_BYTES - (position + at) % HOLE_BYTES);
    const zeros = isZero(bytes, at, end);
    if (zeros && start >= 0) {
      runs.push({ start, end: at });
      start = -1;
    } else if (!zeros && start < 0) start = at;
    at = end;
  }
  if (start >= 0) runs.push({ start, end: bytes.length });
  return runs;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
