import { createHash, hash } from "node:crypto";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Hashing } from "../ports/hashing.ts";
import { frame, unframe } from "./zstd_frame.ts";

/** SHA-256 (FIPS 180-4), MD5, CRC-32 and zstd by the platform. */
export const platformHashing: Hashing = {
  sha256(...parts) {
    if (parts.length === 1) return new Uint8Array(hash("sha256", parts[0], "buffer"));
    const all = createHash("sha256");
    for (const part of parts) all.update(part);
    return new Uint8Array(all.digest());
  },
  incremental() {
    const running = createHash("sha256");
    return {
      update: (bytes) => void running.update(bytes),
      digest: () => new Uint8Array(running.digest()),
    };
  },
  md5: (bytes) => new Uint8Array(hash("md5", bytes, "buffer")),
  crc32: (bytes, before = 0) => crc32(bytes, before),
  compress: (bytes) => new Uint8Array(zstdCompressSync(bytes)),
  decompress: (bytes) => new Uint8Array(zstdDecompressSync(bytes)),
  frame,
  unframe,
};
