import assert from "node:assert/strict";
import fc from "fast-check";
import { dataRuns, HOLE_BYTES } from "../../src/targets/local/zero_runs.ts";

Deno.test("what is left out is zeros, and every whole piece of zeros is left out", () => {
  const piece = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3 * HOLE_BYTES }));
  const cases = fc.tuple(fc.array(piece, { maxLength: 6 }), fc.nat({ max: 3 * HOLE_BYTES }));
  fc.assert(
    fc.property(cases, ([pieces, position]) => {
      const bytes = new Uint8Array(pieces.reduce((sum, [, length]) => sum + length, 0));
      let at = 0;
      for (const [zero, length] of pieces) {
        if (!zero) bytes.fill(7, at, at + length);
        at += length;
      }
      checkRuns(bytes, position);
    }),
    { numRuns: 1000 },
  );
});

function checkRuns(bytes: Uint8Array, position: number): void {
  const written = new Uint8Array(bytes.length);
  const kept = new Uint8Array(bytes.length);
  for (const { start, end } of dataRuns(bytes, position)) {
    assert.ok(start < end);
    written.set(bytes.subarray(start, end), start);
    kept.fill(1, start, end);
  }
  assert.deepEqual(written, bytes);
  const first = (HOLE_BYTES - position % HOLE_BYTES) % HOLE_BYTES;
  for (let at = first; at + HOLE_BYTES <= bytes.length; at += HOLE_BYTES) {
    const whole = bytes.subarray(at, at + HOLE_BYTES);
    if (whole.every((byte) => byte === 0)) assert.equal(kept[at], 0);
  }
}
