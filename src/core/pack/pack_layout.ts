/**
 * Where packs and their indexes are, and where in a pack's object a byte is (docs/bucket_format.md).
 *
 * A pack is a TAR stream, cut into zstd frames at member boundaries; frames and skippable frames one
 * after the other are the zstd stream; that is sealed as one age file, or stored as it is. age v1
 * (C2SP age.md) seals 64 KiB at a time and adds a tag of 16 bytes to each, so what lies where is a
 * matter of arithmetic.
 */
export const PACKS_PREFIX = "packs/";
export const PACK_INDEX_PREFIX = ".holdfast/index/";

/** A frame is closed at the first member's end at or beyond so many bytes of TAR. */
export const FRAME_BYTES = 1024 * 1024;

/** Bytes that age seals at a time … */
export const AGE_CHUNK = 64 * 1024;
/** … and of the tag that it adds to them. */
export const AGE_TAG = 16;

/** More than any age header that Holdfast writes: at most 20 recipients, of the post-quantum kind too. */
export const AGE_HEADER_MOST = 64 * 1024;

/** A zstd skippable frame is a magic number and a length of 4 bytes each, then so many bytes (RFC 8878). */
export const SKIPPABLE_LEAST = 8;

export type PackEncryption = "age" | "none";

export interface PackGeometry {
  readonly encryption: PackEncryption;
  /** Bytes before the payload: age's header and its nonce; 0 without encryption. */
  readonly header: number;
}

/** Of one frame, in the order of the zstd stream; a skippable frame has no plain bytes. */
export type FrameSize = readonly [compressed: number, plain: number];

export interface PackName {
  /** 32 hex digits. */
  readonly pack: string;
  readonly isEncrypted: boolean;
}

export function packKey(pack: string, isEncrypted: boolean): string {
  return `${PACKS_PREFIX}${pack.slice(0, 2)}/${pack}.tar.zst${isEncrypted ? ".age" : ""}`;
}

/** Undefined where the key is no pack's. */
export function packOfKey(key: string): PackName | undefined {
  return nameIn(/^packs\/([0-9a-f]{2})\/(\1[0-9a-f]{30})\.tar\.zst(\.age)?$/.exec(key));
}

export function packIndexKey(pack: string, isEncrypted: boolean): string {
  return `${PACK_INDEX_PREFIX}${pack.slice(0, 2)}/${pack}.idx.zst${isEncrypted ? ".age" : ""}`;
}

/** Undefined where the key is no pack index's. */
export function packOfIndexKey(key: string): PackName | undefined {
  return nameIn(/^\.holdfast\/index\/([0-9a-f]{2})\/(\1[0-9a-f]{30})\.idx\.zst(\.age)?$/.exec(key));
}

function nameIn(found: RegExpExecArray | null): PackName | undefined {
  return found === null ? undefined : { pack: found[2], isEncrypted: found[3] !== undefined };
}

/** The counter of the age chunk that holds byte `at` of the zstd stream. */
export function chunkOf(at: number): number {
  return Math.floor(at / AGE_CHUNK);
}

/** Where byte `at` of the zstd stream is in the object, sealed or not. */
export function storedOffset({ header, encryption }: PackGeometry, at: number): number {
  return encryption === "none" ? header + at : header + at + chunkOf(at) * AGE_TAG;
}

/** Bytes of an object whose zstd stream is that long. */
export function storedSize(geometry: PackGeometry, streamLength: number): number {
  const isCut = geometry.encryption !== "none" && streamLength % AGE_CHUNK !== 0;
  return storedOffset(geometry, streamLength) + (isCut ? AGE_TAG : 0);
}

/** Bytes of a skippable frame that fills the zstd stream up to age's next chunk; 0 where it is full. */
export function paddingFor(streamLength: number): number {
  const missing = (AGE_CHUNK - streamLength % AGE_CHUNK) % AGE_CHUNK;
  return missing === 0 || missing >= SKIPPABLE_LEAST ? missing : missing + AGE_CHUNK;
}
