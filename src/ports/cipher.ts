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

export interface AgeFile {
  /** Header and nonce: what the file begins with. */
  readonly header: Uint8Array;
  /**
   * Seals one chunk of the payload into `out` at `at`, and returns its length: that of `plain` and TAG.
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
