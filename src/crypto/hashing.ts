import { createHash, hash } from "node:crypto";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Hashing, IncrementalHash } from "../ports/hashing.ts";
import { crc64Nvme } from "./crc64_nvme.ts";
import { frame, unframe } from "./zstd_frame.ts";

/** SHA-256 (FIPS 180-4), SHA-1, MD5, CRC-32 and zstd by the platform. */
export const platformHashing: Hashing = {
  sha256(...parts) {
    if (parts.length === 1) return new Uint8Array(hash("sha256", parts[0], "buffer"));
    const all = createHash("sha256");
    for (const part of parts) all.update(part);
    return new Uint8Array(all.digest());
  },
  incremental(digest = "sha256") {
    if (digest === "crc64nvme") return crc64Nvme();
    if (digest === "crc32") return incrementalCrc32();
    const running = createHash(digest);
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

function incrementalCrc32(): IncrementalHash {
  let sum = 0;
  return {
    update: (bytes) => void (sum = crc32(bytes, sum)),
    digest() {
      const out = new Uint8Array(4);
      new DataView(out.buffer).setUint32(0, sum >>> 0);
      return out;
    },
  };
}
