import { HoldfastError } from "../error.ts";

/**
 * What stands at a place in a zstd stream (RFC 8878, section 3.1): a frame, or a skippable frame,
 * which decodes to nothing.
 */
export interface FramePlace {
  readonly kind: "frame" | "skippable";
  /** Bytes of all of it. */
  readonly length: number;
  /** Bytes that it decodes to, where its header says so or none of its blocks is compressed. */
  readonly contentSize?: number;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;
const BLOCK_MOST = 128 * 1024;
const CHECKSUM = 4;
/** Types of blocks; those of type 0 hold bytes as they are. */
const REPEATED = 1;
const COMPRESSED = 2;
const RESERVED = 3;

/**
 * The frame at `at`, found by its headers without decoding it; undefined where the bytes end before
 * it does. The platform's decoders take a frame that is cut off for a whole one and stop behind the
 * first, so each frame is found here and given to them alone. Throws kind "damage" where no frame
 * can be, or one with a dictionary.
 */
export function frameAt(bytes: Uint8Array, at: number): FramePlace | undefined {
  if (bytes.length - at < 4) {
    assertBeginning(bytes, at);
    return undefined;
  }
  const magic = numberAt(bytes, at, 4);
  if (magic >= SKIPPABLE && magic < SKIPPABLE + 16) return skippableAt(bytes, at);
  if (magic !== MAGIC) throw frameDamage("no zstd frame", at);
  const header = headerAt(bytes, at);
  const blocks = header === undefined ? undefined : blocksAt(bytes, header.end);
  if (header === undefined || blocks === undefined) return undefined;
  const end = blocks.end + (header.hasChecksum ? CHECKSUM : 0);
  if (end > bytes.length) return undefined;
  const contentSize = header.contentSize ?? blocks.contentSize;
  const length = end - at;
  return contentSize === undefined
    ? { kind: "frame", length }
    : { kind: "frame", length, contentSize };
}

/** A skippable frame of `total` bytes, 8 or more, all of them zero behind its header. */
export function skippableFrame(total: number): Uint8Array<ArrayBuffer> {
  if (total < SKIPPABLE_HEADER || total > SKIPPABLE_HEADER + 0xffffffff) {
    throw new RangeError(`no skippable frame of ${total} bytes`);
  }
  const frame = new Uint8Array(total);
  const view = new DataView(frame.buffer);
  view.setUint32(0, SKIPPABLE, true);
  view.setUint32(4, total - SKIPPABLE_HEADER, true);
  return frame;
}

/** Fewer bytes than a magic number has can be its beginning, or not. */
function assertBeginning(bytes: Uint8Array, at: number): void {
  const rest = bytes.subarray(at);
  const isFrame = rest.every((byte, i) => byte === ((MAGIC >>> (8 * i)) & 0xff));
  const isSkippable = rest.every((byte, i) =>
    byte === ((SKIPPABLE >>> (8 * i)) & 0xff) || (i === 0 && byte >>> 4 === 5)
  );
  if (!isFrame && !isSkippable) throw frameDamage("no zstd frame", at);
}

function skippableAt(bytes: Uint8Array, at: number): FramePlace | undefined {
  if (bytes.length - at < SKIPPABLE_HEADER) return undefined;
  const length = SKIPPABLE_HEADER + numberAt(bytes, at + 4, 4);
  return at + length > bytes.length ? undefined : { kind: "skippable", length };
}

interface FrameHeader {
  readonly end: number;
  readonly hasChecksum: boolean;
  readonly contentSize: number | undefined;
}

/** The frame header (RFC 8878, section 3.1.1.1). */
function headerAt(bytes: Uint8Array, at: number): FrameHeader | undefined {
  const descriptor = bytes[at + 4];
  if (descriptor === undefined) return undefined;
  const isSingle = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw frameDamage("an unknown kind of zstd frame", at);
  if ((descriptor & 0x03) !== 0) throw frameDamage("a zstd frame with a dictionary", at);
  const sizeAt = at + 5 + (isSingle ? 0 : 1);
  const code = descriptor >>> 6;
  const sizeBytes = code === 0 ? (isSingle ? 1 : 0) : 1 << code;
  const end = sizeAt + sizeBytes;
  if (end > bytes.length) return undefined;
  const contentSize = sizeBytes === 0
    ? undefined
    : numberAt(bytes, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  if (contentSize !== undefined && !Number.isSafeInteger(contentSize)) {
    throw frameDamage("a zstd frame of impossible size", at);
  }
  return { end, hasChecksum: (descriptor & 0x04) !== 0, contentSize };
}

interface FrameBlocks {
  readonly end: number;
  /** Undefined where one of them is compressed. */
  readonly contentSize: number | undefined;
}

/** The blocks from `at` on, up to the last (RFC 8878, section 3.1.1.2). */
function blocksAt(bytes: Uint8Array, at: number): FrameBlocks | undefined {
  let end = at;
  let contentSize = 0;
  for (let isLast = false; !isLast;) {
    if (end + BLOCK_HEADER > bytes.length) return undefined;
    const block = numberAt(bytes, end, BLOCK_HEADER);
    const type = (block >>> 1) & 3;
    const size = block >>> 3;
    if (type === RESERVED || size > BLOCK_MOST) throw frameDamage("no zstd block", end);
    isLast = (block & 1) === 1;
    end += BLOCK_HEADER + (type === REPEATED ? 1 : size);
    contentSize += type === COMPRESSED ? NaN : size;
  }
  return { end, contentSize: Number.isNaN(contentSize) ? undefined : contentSize };
}

/** Little-endian. */
function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}

function frameDamage(what: string, offset: number): HoldfastError {
  return new HoldfastError("damage", `${what} at byte ${offset}`, { context: { offset } });
}
