import { HoldfastError } from "../error.ts";
import {
  AGE_CHUNK,
  AGE_TAG,
  chunkOf,
  type FrameSize,
  type PackGeometry,
  storedOffset,
} from "./pack_layout.ts";

export interface FramedPack extends PackGeometry {
  /** Bytes of the object. */
  readonly size: number;
  readonly frames: readonly FrameSize[];
}

/** A stretch of the TAR stream. The format keeps each within one frame. */
export interface Extent {
  readonly at: number;
  readonly size: number;
}

export interface FetchLimits {
  /** What lies between two frames is fetched with them where it is at most so many stored bytes. */
  readonly gap: number;
  /** A fetch is at most so many stored bytes; one frame is always fetched whole. */
  readonly most: number;
}

/** One ranged read of a pack's object. */
export interface PackFetch<E extends Extent> {
  /** Stored bytes: whole age chunks with their tags, where the pack is encrypted. */
  readonly offset: number;
  readonly length: number;
  /** Counter of the first age chunk; 0 without encryption. */
  readonly chunk: number;
  /** Offset in the zstd stream of the first byte that this gives once it is opened. */
  readonly start: number;
  readonly frames: readonly FetchedFrame<E>[];
}

export interface FetchedFrame<E extends Extent> {
  /** In the frame table. */
  readonly index: number;
  /** Offset in the zstd stream: `at - start` bytes into the opened fetch. */
  readonly at: number;
  readonly compressed: number;
  /** Offset of its first byte in the TAR stream: an extent is `extent.at - tar` bytes into it. */
  readonly tar: number;
  readonly plain: number;
  /** Those that it holds, in order. */
  readonly extents: readonly E[];
}

/**
 * The reads that bring extents, given in order of `at` (they may overlap), with as few requests as the
 * limits allow. Two reads that follow one another may share an age chunk. Throws kind "damage" where
 * an extent does not lie in one frame, or a frame not in the object.
 */
export function planFetches<E extends Extent>(
  pack: FramedPack,
  extents: readonly E[],
  limits: FetchLimits,
): PackFetch<E>[] {
  const fetches: PackFetch<E>[] = [];
  let open: OpenFetch<E> | undefined;
  for (const frame of framesOf(pack.frames, extents)) {
    const stored = storedRange(pack, frame);
    const joins = open !== undefined && stored.from - open.to <= limits.gap &&
      stored.to - open.from <= limits.most;
    if (joins) {
      open!.to = stored.to;
      open!.frames.push(frame);
      continue;
    }
    if (open !== undefined) fetches.push(fetchOf(open));
    open = { ...stored, frames: [frame] };
  }
  if (open !== undefined) fetches.push(fetchOf(open));
  return fetches;
}

/** Stored bytes `from` up to `to`, which is not in it any more. */
interface StoredRange {
  readonly from: number;
  to: number;
  readonly chunk: number;
  readonly start: number;
}

interface OpenFetch<E extends Extent> extends StoredRange {
  readonly frames: FetchedFrame<E>[];
}

function fetchOf<E extends Extent>({ from, to, chunk, start, frames }: OpenFetch<E>): PackFetch<E> {
  return { offset: from, length: to - from, chunk, start, frames };
}

/** The frames that hold extents. Both are in order: each is looked at once. */
function* framesOf<E extends Extent>(
  frames: readonly FrameSize[],
  extents: readonly E[],
): Generator<FetchedFrame<E>> {
  let [at, tar, next] = [0, 0, 0];
  for (const [index, [compressed, plain]] of frames.entries()) {
    if (next === extents.length) return;
    const end = tar + plain;
    const first = next;
    while (next < extents.length && extents[next].at < end) {
      const extent = extents[next++];
      if (extent.at < tar || extent.at + extent.size > end) throw outside(extent);
    }
    if (next > first) {
      yield { index, at, compressed, tar, plain, extents: extents.slice(first, next) };
    }
    at += compressed;
    tar = end;
  }
  if (next < extents.length) throw outside(extents[next]);
}

function storedRange(
  pack: FramedPack,
  { at, compressed }: { readonly at: number; readonly compressed: number },
): StoredRange {
  const end = at + compressed;
  if (pack.encryption === "none") {
    const [from, to] = [storedOffset(pack, at), storedOffset(pack, end)];
    if (to > pack.size) throw beyond(pack, end);
    return { from, to, chunk: 0, start: at };
  }
  const chunk = chunkOf(at);
  const start = chunk * AGE_CHUNK;
  if (storedOffset(pack, end - 1) + 1 + AGE_TAG > pack.size) throw beyond(pack, end);
  // The last chunk of an age file may be shorter than the others.
  const to = Math.min(storedOffset(pack, (chunkOf(end - 1) + 1) * AGE_CHUNK), pack.size);
  return { from: storedOffset(pack, start), to, chunk, start };
}

function outside({ at, size }: Extent): HoldfastError {
  return new HoldfastError("damage", `bytes ${at} to ${at + size} are not within one frame`, {
    context: { at, size },
  });
}

function beyond({ size }: FramedPack, end: number): HoldfastError {
  return new HoldfastError(
    "damage",
    `the frames of a pack end at ${end}, beyond its object of ${size} bytes`,
    { context: { end, size } },
  );
}
