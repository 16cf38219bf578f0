import type { ChunkSealer } from "../core/pack/part_maker.ts";

/**
 * Encryption as age v1 (https://age-encryption.org/v1, C2SP age.md). A file is a header, a nonce of 16
 * bytes and a payload of STREAM chunks: 64 KiB of plaintext and a tag of 16 bytes each, sealed with
 * ChaCha20-Poly1305 under a key that nothing but this file has. The last chunk is marked in its nonce.
 */
export interface Sealer {
  /** Begins a file with a new file key, which nothing that is returned leads to. */
  begin(): Promise<AgeFile>;
  /** A whole body in one go. */
  seal(plain: Uint8Array): Promise<Uint8Array>;
}

export type AgeFile = ChunkSealer;

export interface Opener {
  /**
   * A whole file. Throws kind "key" where no identity opens it (a header damaged where its key is
   * wrapped looks the same), "damage" where it is not what was sealed, not all of it, or more.
   */
  open(sealed: Uint8Array): Promise<Uint8Array>;
  /**
   * Reads a file's header, from its first bytes (`HEADER_MOST` are always enough). Throws kind "key",
   * and "damage" where it is no age file.
   */
  begin(start: Uint8Array): Promise<OpenedFile>;
}

export interface OpenedFile {
  /** Bytes of header and nonce: where the payload begins. */
  readonly header: number;
  /**
   * Opens one sealed chunk, tag and all, in any order. Throws kind "damage" where it is not the chunk of
   * that counter, or is not last as said.
   */
  chunk(
    sealed: Uint8Array,
    place: { readonly counter: number; readonly last: boolean },
  ): Uint8Array;
}
