import { AGE_CHUNK } from "../core/pack/pack_layout.ts";
import type { LocalStream, StreamGap } from "./decrypt_stream.ts";

/** The part of a stream that is looked at: it begins where it was last moved to, and grows as needed. */
export interface StreamWindow {
  /** From where it begins on; zeros where bytes cannot be had. */
  readonly bytes: Uint8Array;
  moveTo(at: number): void;
  /** False where the stream has no more, or there is too much in it already. */
  grow(): boolean;
  /** The first stretch, of so many bytes from where it begins, that cannot be had. */
  gapWithin(length: number): StreamGap | undefined;
}

const READ = 16 * AGE_CHUNK;
/** More than any frame that Holdfast writes: at most 16 MiB of one member behind 1 MiB of others. */
export const FRAME_MOST = 64 * 1024 * 1024;

export function streamWindow(stream: LocalStream): StreamWindow {
  let start = 0;
  let bytes = new Uint8Array(0);
  let gaps: StreamGap[] = [];
  return {
    get bytes() {
      return bytes;
    },
    moveTo(at) {
      const isInside = at >= start && at <= start + bytes.length;
      bytes = isInside ? bytes.subarray(at - start) : new Uint8Array(0);
      gaps = isInside ? gaps.filter(({ to }) => to > at) : [];
      start = at;
    },
    grow() {
      const from = start + bytes.length;
      if (from >= stream.length || bytes.length >= FRAME_MOST) return false;
      // Up to the end of one of age's chunks: none is opened twice.
      const wanted = from + Math.max(READ, bytes.length);
      const end = Math.min(stream.length, Math.ceil(wanted / AGE_CHUNK) * AGE_CHUNK);
      const larger = new Uint8Array(end - start);
      larger.set(bytes);
      gaps.push(...stream.fill(from, larger.subarray(bytes.length)));
      bytes = larger;
      return true;
    },
    gapWithin: (length) => gaps.find(({ from }) => from < start + length),
  };
}
