import { freeBytes } from "../free_bytes.ts";
import { END_FRAME } from "./pack_end.ts";
import { AGE_CHUNK, AGE_TAG, type FrameSize, paddingFor } from "./pack_layout.ts";
import { skippableFrame } from "./zstd_frames.ts";

/** A stretch of a pack that is complete, as it will be sent. */
export interface PackPart {
  /** From 1. */
  readonly part: number;
  readonly body: Uint8Array<ArrayBuffer>;
  /** CRC32 of it, and of the pack up to its end. */
  readonly crc32: number;
  readonly whole: number;
  /** Bytes of TAR up to its end. */
  readonly plain: number;
  readonly frames: readonly FrameSize[];
  /** What would end the pack here; undefined where the part itself does. */
  readonly tail: Uint8Array | undefined;
}

/** A new age file, chunk by chunk (C2SP age.md). */
export interface ChunkSealer {
  /** Header and nonce: what the file begins with. */
  readonly header: Uint8Array;
  /**
   * Seals one chunk of the payload into `out` at `at`, and returns its length: that of `plain` and AGE_TAG.
   * `out` may not overlap `plain`. Every chunk but the last holds exactly 64 KiB; the last one 1 to
   * 64 KiB (0 only where it is the only one).
   *
   * No nonce ever seals two plaintexts: chunks that are not last are sealed once, with counters 0, 1, 2
   * …; the last one may be sealed after any of them, at the counter that follows, and again after more
   * of them, but always with the same plaintext. Anything else throws an Error: the program is wrong.
   */
  chunk(
    plain: Uint8Array,
    place: { readonly counter: number; readonly last: boolean },
    out: Uint8Array,
    at: number,
  ): number;
}

export interface PartTools {
  /** One zstd frame with the size of its content, in a buffer of its own: it is freed. */
  readonly frame: (plain: Uint8Array) => Uint8Array;
  readonly crc32: (bytes: Uint8Array, before: number) => number;
  /** Undefined where the pack is not encrypted. */
  readonly age: ChunkSealer | undefined;
  /** Bytes after which a part ends, at a frame's end. */
  readonly partSize: number;
  /** Bodies of earlier parts that are not needed any more: they are used again. */
  readonly spare: Uint8Array<ArrayBuffer>[];
}

/** Turns the plaintext of frames into the parts of a pack (DESIGN section 6). */
export interface PartMaker {
  /** Bytes as stored so far. */
  stored(): number;
  /**
   * The next frame's plaintext, which ends at `end` of the TAR. Returns the part before it where that
   * is full, and the frame's sizes.
   */
  add(plain: Uint8Array, end: number): { part: PackPart | undefined; frame: FrameSize };
  /** The last part, with the pack's end. */
  end(): PackPart;
}

/** A part ends behind a frame, which may be that much longer than the part has room for. */
const BODY_ROOM = 6 * 1024 * 1024;

export function partMaker({ frame, crc32, age, partSize, spare }: PartTools): PartMaker {
  const chunk = new Uint8Array(AGE_CHUNK);
  let body: Uint8Array<ArrayBuffer> | undefined;
  let [filled, before, part, whole, plain] = [0, 0, 1, 0, 0];
  let frames: FrameSize[] = [];
  /** Of the stream of frames: all of it, and what waits for its chunk to be full. */
  let [stream, waiting, counter] = [0, 0, 0];

  function room(length: number): Uint8Array {
    if (filled + length > body!.length) {
      const larger = new Uint8Array(Math.ceil((filled + length) * 1.25));
      larger.set(body!.subarray(0, filled));
      body = larger;
    }
    return body!;
  }

  function append(bytes: Uint8Array): void {
    room(bytes.length).set(bytes, filled);
    filled += bytes.length;
  }

  function seal(full: Uint8Array): void {
    filled += age!.chunk(full, { counter, last: false }, room(AGE_CHUNK + AGE_TAG), filled);
    counter++;
  }

  /** Into chunks of 64 KiB, each sealed as soon as it is full. */
  function write(bytes: Uint8Array): void {
    stream += bytes.length;
    if (age === undefined) return append(bytes);
    for (let at = 0; at < bytes.length;) {
      if (waiting === 0 && bytes.length - at >= AGE_CHUNK) {
        seal(bytes.subarray(at, at + AGE_CHUNK));
        at += AGE_CHUNK;
        continue;
      }
      const taken = Math.min(AGE_CHUNK - waiting, bytes.length - at);
      chunk.set(bytes.subarray(at, at + taken), waiting);
      waiting += taken;
      at += taken;
      if (waiting < AGE_CHUNK) return;
      seal(chunk);
      waiting = 0;
    }
  }

  function begin(): void {
    if (body !== undefined) return;
    body = spare.pop() ?? new Uint8Array(partSize + BODY_ROOM);
    if (part === 1 && age !== undefined) append(age.header);
  }

  /** The constant end, sealed at the counter that follows: whoever ends here, it is the same chunk. */
  function sealEnd(): Uint8Array {
    if (age === undefined) return END_FRAME;
    const out = new Uint8Array(END_FRAME.length + AGE_TAG);
    age.chunk(END_FRAME, { counter, last: true }, out, 0);
    return out;
  }

  function padToChunk(): void {
    const padding = age === undefined ? 0 : paddingFor(stream);
    if (padding === 0) return;
    write(skippableFrame(padding));
    frames.push([padding, 0]);
  }

  function cut(isLast: boolean): PackPart {
    padToChunk();
    const tail = sealEnd();
    if (isLast) append(tail);
    const sent = body!.subarray(0, filled);
    whole = crc32(sent, whole);
    const made: PackPart = {
      ...{ part, body: sent, crc32: crc32(sent, 0), whole, plain, frames },
      tail: isLast ? undefined : tail,
    };
    before += filled;
    [body, frames, part, filled] = [undefined, [], part + 1, 0];
    return made;
  }

  return {
    stored: () => before + filled,
    add(content, end) {
      // Only now that more comes: the pack's end belongs into the last part.
      const full = filled >= partSize ? cut(false) : undefined;
      begin();
      const packed = frame(content);
      const made: FrameSize = [packed.length, content.length];
      write(packed);
      freeBytes(packed);
      frames.push(made);
      plain = end;
      return { part: full, frame: made };
    },
    end() {
      begin();
      return cut(true);
    },
  };
}
