import assert from "node:assert/strict";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import {
  type Extent,
  type FetchLimits,
  type FramedPack,
  type PackFetch,
  planFetches,
} from "../../src/core/pack/extent_ranges.ts";
import { AGE_CHUNK, AGE_TAG, type FrameSize } from "../../src/core/pack/pack_layout.ts";
import { seed } from "../seed.ts";

const TAIL = 18;

/** A pack whose bytes are its offsets: what is fetched can be compared with the stream. */
interface ModelPack extends FramedPack {
  readonly stream: Uint8Array;
  readonly object: Uint8Array;
}

function modelPack(frames: readonly FrameSize[], encryption: "age" | "none"): ModelPack {
  const length = frames.reduce((sum, [compressed]) => sum + compressed, 0) + TAIL;
  const stream = Uint8Array.from({ length }, (_, at) => (at * 2_654_435_761) >>> 24);
  const header = encryption === "none" ? 0 : 216;
  const pieces: Uint8Array[] = [new Uint8Array(header).fill(1)];
  if (encryption === "none") pieces.push(stream);
  for (let at = 0; at < length && encryption === "age"; at += AGE_CHUNK) {
    pieces.push(stream.subarray(at, at + AGE_CHUNK), new Uint8Array(AGE_TAG).fill(2));
  }
  const object = joined(pieces);
  return { encryption, header, size: object.length, frames, stream, object };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** What a reader has in hands after a fetch. */
function opened(pack: ModelPack, { offset, length, chunk }: PackFetch<Extent>): Uint8Array {
  assert.ok(offset >= pack.header && length > 0 && offset + length <= pack.size);
  const stored = pack.object.subarray(offset, offset + length);
  if (pack.encryption === "none") return stored;
  const whole = AGE_CHUNK + AGE_TAG;
  assert.equal(offset, pack.header + chunk * whole);
  const isToTheEnd = offset + length === pack.size;
  assert.ok(length % whole === 0 || (isToTheEnd && length % whole > AGE_TAG));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < length; at += whole) {
    const sealed = stored.subarray(at, at + whole);
    assert.deepEqual([...sealed.subarray(-AGE_TAG)], Array(AGE_TAG).fill(2));
    chunks.push(sealed.subarray(0, -AGE_TAG));
  }
  return joined(chunks);
}

function check(pack: ModelPack, extents: readonly Extent[], limits: FetchLimits): void {
  const fetches = planFetches(pack, extents, limits);
  const frames = fetches.flatMap((fetch) => fetch.frames);
  assert.deepEqual(frames.map(({ index }) => index), wantedFrames(pack, extents));
  assert.deepEqual(frames.flatMap((frame) => frame.extents), extents);
  for (const fetch of fetches) {
    const bytes = opened(pack, fetch);
    assert.ok(fetch.length <= limits.most || fetch.frames.length === 1);
    for (const frame of fetch.frames) {
      const [at, tar] = placeOf(pack.frames, frame.index);
      assert.deepEqual([frame.compressed, frame.plain], pack.frames[frame.index]);
      assert.deepEqual([frame.at, frame.tar], [at, tar]);
      const from = frame.at - fetch.start;
      assert.ok(from >= 0);
      const got = bytes.subarray(from, from + frame.compressed);
      assert.deepEqual(got, pack.stream.subarray(at, at + frame.compressed));
      for (const extent of frame.extents) {
        assert.ok(extent.at >= tar && extent.at + extent.size <= tar + frame.plain);
      }
    }
  }
  checkJoins(pack, fetches, limits);
}

/** Two that follow one another are two because of a limit. */
function checkJoins(
  pack: ModelPack,
  fetches: readonly PackFetch<Extent>[],
  { gap, most }: FetchLimits,
): void {
  for (const [i, next] of fetches.entries()) {
    const before = fetches[i - 1];
    if (before === undefined) continue;
    const [{ at, compressed }] = next.frames;
    const chunks = Math.ceil((at + compressed) / AGE_CHUNK);
    const end = pack.encryption === "none"
      ? at + compressed
      : Math.min(pack.header + chunks * (AGE_CHUNK + AGE_TAG), pack.size);
    const between = next.offset - before.offset - before.length;
    assert.ok(between > gap || end - before.offset > most);
  }
}

function wantedFrames({ frames }: FramedPack, extents: readonly Extent[]): number[] {
  return frames.flatMap(([, plain], index) => {
    const [, tar] = placeOf(frames, index);
    return extents.some(({ at }) => at >= tar && at < tar + plain) ? [index] : [];
  });
}

function placeOf(frames: readonly FrameSize[], index: number): [at: number, tar: number] {
  const before = frames.slice(0, index);
  return [
    before.reduce((sum, [compressed]) => sum + compressed, 0),
    before.reduce((sum, [, plain]) => sum + plain, 0),
  ];
}

const frame: fc.Arbitrary<FrameSize> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.integer({ min: 9, max: 90_000 }), fc.integer({ min: 1, max: 5000 })),
  },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 8, max: 70_000 }), fc.constant(0)) },
);

/** As the format says: with encryption the frames end at an age chunk's end. */
function padded(frames: readonly FrameSize[], encryption: "age" | "none"): FrameSize[] {
  const length = frames.reduce((sum, [compressed]) => sum + compressed, 0);
  const missing = AGE_CHUNK - length % AGE_CHUNK;
  return encryption === "none" ? [...frames] : [...frames, [missing + AGE_CHUNK, 0]];
}

/** Each frame's plain bytes, cut at these thousandths: those of odd number are extents. */
const wanted = fc.array(fc.array(fc.nat(1000), { maxLength: 6 }), { minLength: 12, maxLength: 12 });

function extentsOf(frames: readonly FrameSize[], cuts: readonly number[][]): Extent[] {
  return frames.flatMap(([, plain], index) => {
    const [, tar] = placeOf(frames, index);
    const ends = (cuts[index] ?? []).map((cut) => Math.floor(cut * plain / 1000))
      .sort((a, b) => a - b);
    return ends.flatMap((from, i) => {
      const to = ends[i + 1];
      return i % 2 === 0 && to > from ? [{ at: tar + from, size: to - from }] : [];
    });
  });
}

const limits = fc.record({
  gap: fc.constantFrom(0, 20_000, 65_552, 200_000, Infinity),
  most: fc.constantFrom(0, 150_000, 300_000, Infinity),
}, { noNullPrototype: true });

Deno.test(`fetches bring each extent's frame, whole, within the limits (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      wanted,
      limits,
      fc.constantFrom("age" as const, "none" as const),
      (frames, cuts, limits, encryption) => {
        const all = padded(frames, encryption);
        check(modelPack(all, encryption), extentsOf(all, cuts), limits);
      },
    ),
    { seed, numRuns: 200 },
  );
});

const three: FrameSize[] = [[100_000, 1000], [20_000, 1000], [65_536 * 2 - 120_000, 0], [
  65_536,
  500,
]];
const all = { gap: Infinity, most: Infinity };

Deno.test("an example is as the format says", () => {
  const pack = modelPack(three, "age");
  const [first, last] = [{ at: 1999, size: 1 }, { at: 2000, size: 500 }];
  assert.deepEqual(planFetches(pack, [first, last], { gap: 0, most: 65_552 }), [
    {
      ...{ offset: 216 + 65_552, length: 65_552, chunk: 1, start: 65_536 },
      frames: [{
        index: 1,
        at: 100_000,
        compressed: 20_000,
        tar: 1000,
        plain: 1000,
        extents: [first],
      }],
    },
    {
      ...{ offset: 216 + 2 * 65_552, length: 65_552, chunk: 2, start: 131_072 },
      frames: [{
        index: 3,
        at: 131_072,
        compressed: 65_536,
        tar: 2000,
        plain: 500,
        extents: [last],
      }],
    },
  ]);
  assert.equal(planFetches(pack, [first, last], { gap: 0, most: 131_104 }).length, 1);
  assert.deepEqual(planFetches(pack, [], all), []);
});

Deno.test("extents may overlap, and be wanted twice", () => {
  const extents = [{ at: 0, size: 1000 }, { at: 0, size: 1000 }, { at: 10, size: 5 }];
  const [fetch] = planFetches(modelPack(three, "none"), extents, all);
  assert.deepEqual(fetch.frames[0].extents, extents);
});

Deno.test("an extent that is not in one frame, or not in the pack, is damage", () => {
  const pack = modelPack(three, "age");
  const extents: Extent[][] = [
    [{ at: 999, size: 2 }],
    [{ at: 2400, size: 101 }],
    [{ at: 2500, size: 1 }],
    [{ at: 0, size: 10 }, { at: 5000, size: 1 }],
    [{ at: 1500, size: 10 }, { at: 10, size: 1 }],
  ];
  for (const wanted of extents) {
    assert.throws(() => planFetches(pack, wanted, all), (error) => isKind(error, "damage"));
  }
});

Deno.test("a frame beyond the object's end is damage", () => {
  for (const encryption of ["age", "none"] as const) {
    const pack = modelPack(three, encryption);
    const cut = { ...pack, size: pack.size - TAIL - AGE_TAG - 1 };
    const last = [{ at: 2000, size: 1 }];
    assert.equal(planFetches(pack, last, all).length, 1);
    assert.throws(() => planFetches(cut, last, all), (error) => isKind(error, "damage"));
    assert.equal(planFetches(cut, [{ at: 0, size: 1 }], all).length, 1);
  }
});
