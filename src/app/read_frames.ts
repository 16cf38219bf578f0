import { HoldfastError, isKind } from "../core/error.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { Extent, FetchedFrame, PackFetch } from "../core/pack/extent_ranges.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { getRange, type OpenPack } from "./open_pack.ts";
import { packDamage, packFailure, shorter } from "./pack_failure.ts";
import { frameTaker, type ReadFrame, type StreamBlock } from "./pack_frames.ts";

export interface PlainFrame<E extends Extent> {
  readonly frame: FetchedFrame<E>;
  /** What it decodes to; or why it cannot be had: kind "damage" or "entry". */
  readonly plain: Uint8Array | HoldfastError;
}

/**
 * One ranged read of a pack, frame by frame as it arrives: at no time is more than a frame of it in
 * memory. What is damaged costs the frames that it lies in, and the others are had. Throws what is no
 * frame's fault: network, credentials, a signal.
 */
export async function* readFrames<E extends Extent>(
  { store, hashing }: { readonly store: ObjectStore; readonly hashing: Hashing },
  pack: OpenPack,
  fetch: PackFetch<E>,
): AsyncGenerator<PlainFrame<E>> {
  const taker = frameTaker(fetch);
  let failure: HoldfastError;
  try {
    const range = { offset: fetch.offset, length: fetch.length };
    const { stream } = await getRange(store, pack.row, range);
    for await (const block of blocksOf(pack, fetch, stream)) {
      for (const read of taker.take(block)) yield unpacked(pack.row, hashing, read);
    }
    failure = packDamage(pack.row, shorter(pack.row));
  } catch (error) {
    failure = packFailure(pack.row, error);
  }
  for (const read of taker.rest(failure)) yield unpacked(pack.row, hashing, read);
}

function unpacked<E extends Extent>(
  row: PackRow,
  hashing: Hashing,
  { frame, packed }: ReadFrame<E>,
): PlainFrame<E> {
  if (packed instanceof HoldfastError) return { frame, plain: packed };
  try {
    return { frame, plain: hashing.unframe(packed, frame.plain) };
  } catch (error) {
    return { frame, plain: packFailure(row, error) };
  }
}

async function* blocksOf<E extends Extent>(
  { row, openChunk }: OpenPack,
  fetch: PackFetch<E>,
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamBlock> {
  let at = fetch.start;
  if (openChunk === undefined) {
    for await (const bytes of stream) {
      yield { at, length: bytes.length, bytes };
      at += bytes.length;
    }
    return;
  }
  let counter = fetch.chunk;
  for await (const sealed of pieces(stream, AGE_CHUNK + AGE_TAG)) {
    const length = sealed.length - AGE_TAG;
    try {
      // The one chunk that is sealed as the last holds the pack's end, and nothing that is asked for.
      const bytes = openChunk(sealed, { counter, last: false });
      yield { at, length, bytes };
    } catch (error) {
      if (!isKind(error, "damage")) throw error;
      yield { at, length, failure: packDamage(row, error.message, error) };
    }
    counter++;
    at += length;
  }
}

/** The same bytes in pieces of one length, each valid until the next. What is left at the end is dropped. */
async function* pieces(
  stream: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(length);
  let filled = 0;
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      if (filled === 0 && bytes.length - at >= length) {
        yield bytes.subarray(at, at + length);
        at += length;
        continue;
      }
      const taken = Math.min(length - filled, bytes.length - at);
      piece.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < length) break;
      yield piece;
      filled = 0;
    }
  }
}
