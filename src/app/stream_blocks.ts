import { isKind } from "../core/error.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import type { OpenPack } from "./open_pack.ts";
import { packDamage } from "./pack_failure.ts";
import type { StreamBlock } from "./pack_frames.ts";

/** Where in a pack the bytes of an object begin that are read. */
export interface StreamStart {
  /** In the stream of frames. */
  readonly at: number;
  /** Of the first age chunk. */
  readonly counter: number;
  /** Bytes of the object before that. */
  readonly skipped: number;
  /** Counter of the chunk that is sealed as the last, undefined where the read does not reach it. */
  readonly last: number | undefined;
}

/** The stream of frames of a pack, as it is stored or chunk by chunk as it is opened. */
export async function* streamBlocks(
  { row, openChunk }: OpenPack,
  stream: AsyncIterable<Uint8Array>,
  start: StreamStart,
): AsyncGenerator<StreamBlock> {
  let { at, counter } = start;
  if (openChunk === undefined) {
    for await (const bytes of stream) {
      yield { at, length: bytes.length, bytes };
      at += bytes.length;
    }
    return;
  }
  for await (const sealed of pieces(stream, start.skipped, AGE_CHUNK + AGE_TAG)) {
    // Less than a chunk ends the pack; a read that does not reach its end was cut off.
    if (sealed.length < AGE_CHUNK + AGE_TAG && start.last === undefined) return;
    const length = Math.max(0, sealed.length - AGE_TAG);
    try {
      yield { at, length, bytes: openChunk(sealed, { counter, last: counter === start.last }) };
    } catch (error) {
      if (!isKind(error, "damage")) throw error;
      yield { at, length, failure: packDamage(row, error.message, error) };
    }
    counter++;
    at += length;
  }
}

/** What follows `skipped` bytes, in pieces of one length, but for the last. Each is valid until the next. */
async function* pieces(
  stream: AsyncIterable<Uint8Array>,
  skipped: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(length);
  let [left, filled] = [skipped, 0];
  for await (const bytes of stream) {
    let at = Math.min(left, bytes.length);
    left -= at;
    while (at < bytes.length) {
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
  if (filled > 0) yield piece.subarray(0, filled);
}
