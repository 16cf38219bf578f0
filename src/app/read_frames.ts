import { HoldfastError } from "../core/error.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { Extent, FetchedFrame, PackFetch } from "../core/pack/extent_ranges.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { getRange, type OpenPack } from "./open_pack.ts";
import { packDamage, packFailure, shorter } from "./pack_failure.ts";
import { frameTaker, type ReadFrame } from "./pack_frames.ts";
import { streamBlocks } from "./stream_blocks.ts";

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
    // The one chunk that is sealed as the last holds the pack's end, and nothing that is asked for.
    const start = { at: fetch.start, counter: fetch.chunk, skipped: 0, last: undefined };
    for await (const block of streamBlocks(pack, stream, start)) {
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
