import type { HoldfastError } from "../core/error.ts";
import type { Extent, FetchedFrame, PackFetch } from "../core/pack/extent_ranges.ts";

/** Consecutive bytes of a zstd stream; without `bytes`, why they cannot be had. */
export interface StreamBlock {
  /** Offset in the zstd stream. */
  readonly at: number;
  readonly length: number;
  readonly bytes?: Uint8Array;
  readonly failure?: HoldfastError;
}

export interface ReadFrame<E extends Extent> {
  readonly frame: FetchedFrame<E>;
  /** As it is compressed, valid until the next one is asked for; or why it cannot be had. */
  readonly packed: Uint8Array | HoldfastError;
}

/** Takes the frames of one fetch out of the blocks that it brings, in order; what is between is dropped. */
export function frameTaker<E extends Extent>({ frames }: PackFetch<E>) {
  const buffer = new Uint8Array(Math.max(...frames.map(({ compressed }) => compressed)));
  let next = 0;
  let failure: HoldfastError | undefined;

  function put(frame: FetchedFrame<E>, block: StreamBlock): void {
    const from = Math.max(frame.at, block.at);
    const to = Math.min(frame.at + frame.compressed, block.at + block.length);
    if (block.bytes === undefined) failure ??= block.failure;
    else buffer.set(block.bytes.subarray(from - block.at, to - block.at), from - frame.at);
  }

  return {
    /** The frames that end in this block. */
    *take(block: StreamBlock): Generator<ReadFrame<E>> {
      const end = block.at + block.length;
      while (next < frames.length && frames[next].at < end) {
        const frame = frames[next];
        const frameEnd = frame.at + frame.compressed;
        if (frameEnd > block.at) put(frame, block);
        if (frameEnd > end) return;
        next++;
        yield { frame, packed: failure ?? buffer.subarray(0, frame.compressed) };
        failure = undefined;
      }
    },
    /** Those that did not come to their end, each with what failed in it before, or this. */
    *rest(reason: HoldfastError): Generator<ReadFrame<E>> {
      for (; next < frames.length; next++) {
        yield { frame: frames[next], packed: failure ?? reason };
        failure = undefined;
      }
    },
  };
}
