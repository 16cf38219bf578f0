import { constants, zstdCompressSync, zstdDecompressSync, type ZstdOptions } from "node:zlib";
import { HoldfastError, messageOf } from "../core/error.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { frameAt } from "../core/pack/zstd_frames.ts";

/** As ports/hashing.ts. */
export function frame(plain: Uint8Array): Uint8Array {
  const options: FrameOptions = {
    params: { [constants.ZSTD_c_compressionLevel]: 3 },
    pledgedSrcSize: plain.length,
    // A buffer that holds all of it at once: nearly twice as fast where nothing can be saved.
    // One that is filled to its last byte makes the encoder add an empty frame: so it is larger.
    chunkSize: frameMost(plain.length) + 64,
  };
  return compact(zstdCompressSync(plain, options));
}

/** The bytes without their buffer where that is much larger; a copy of all costs a quarter of the speed. */
function compact(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (2 * length > buffer.byteLength) return new Uint8Array(buffer, byteOffset, length);
  const copy = new Uint8Array(bytes);
  freeBytes(bytes);
  return copy;
}

/** Node's typings do not have it yet. */
interface FrameOptions extends ZstdOptions {
  readonly pledgedSrcSize: number;
}

/** Bytes that a frame takes at most (zstd.h, ZSTD_COMPRESSBOUND). */
function frameMost(size: number): number {
  const small = 128 * 1024;
  return size + Math.floor(size / 256) + (size < small ? (small - size) >>> 11 : 0);
}

/** As ports/hashing.ts. */
export function unframe(frame: Uint8Array, size: number): Uint8Array {
  const found = frameAt(frame, 0);
  if (found?.kind !== "frame" || found.length !== frame.length) {
    throw new HoldfastError("damage", `${frame.length} bytes are not one zstd frame`);
  }
  const said = found.contentSize ?? size;
  const plain = said === size ? decoded(frame, size) : undefined;
  if (plain?.length === size) return plain;
  throw new HoldfastError("damage", `a zstd frame does not hold the ${size} bytes it should`);
}

/** Undefined where it is more than `size` bytes: no more than that is ever held. */
function decoded(frame: Uint8Array, size: number): Uint8Array | undefined {
  const most = Math.max(size, 64);
  try {
    // A buffer that is filled to its last byte makes the decoder take a second one for nothing.
    return compact(zstdDecompressSync(frame, { chunkSize: most + 64, maxOutputLength: most }));
  } catch (error) {
    if (isTooLarge(error)) return undefined;
    throw new HoldfastError("damage", `a zstd frame cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
