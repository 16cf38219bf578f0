import type { Sha256 } from "../core/hash.ts";
import type { ChecksumName } from "../core/mirror/judge_foreign.ts";

/** Hashes, checksums and compression by the platform's native code. Synchronous. */
export interface Hashing {
  readonly sha256: Sha256;
  /** SHA-256 by default. */
  incremental(digest?: DigestName): IncrementalHash;
  /** MD5 (RFC 1321), for comparing with ETags; protects nothing. */
  md5(bytes: Uint8Array): Uint8Array;
  /** CRC-32 (IEEE 802.3), continued from `before`. */
  crc32(bytes: Uint8Array, before?: number): number;
  /** zstd, one frame (RFC 8878). */
  compress(bytes: Uint8Array): Uint8Array;
  /** Of one frame. Throws where it is none. */
  decompress(bytes: Uint8Array): Uint8Array;
  /** Exactly one frame of a pack: zstd -3, with the size of its content in its header. */
  frame(plain: Uint8Array): Uint8Array;
  /**
   * The `size` bytes that a frame holds. Throws kind "damage" where it is not one whole frame, alone,
   * of so many bytes.
   */
  unframe(frame: Uint8Array, size: number): Uint8Array;
}

/** What objects of other tools are compared by; a CRC with its most significant byte first. */
export type DigestName = ChecksumName | "md5";

export interface IncrementalHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}
