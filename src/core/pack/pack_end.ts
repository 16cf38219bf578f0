/** What ends a TAR: two blocks of zeros. */
export const END_BYTES = 1024;

/**
 * The last thing in every pack: one zstd frame of the `END_BYTES` zeros that end a TAR, as zstd -3
 * makes it of a stream: its header does not say their number. Constant for ever, because it is the
 * only plaintext that is ever sealed as a pack's last chunk, so that it may be sealed in advance.
 */
export const END_FRAME: Uint8Array<ArrayBuffer> = Uint8Array.fromHex(
  "28b52ffd00584d00001000000100fb2b8005",
);
