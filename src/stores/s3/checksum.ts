import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { HoldfastError } from "../../core/error.ts";

/** CRC32 of a body as 8 hex digits. */
export function crcHex(body: Uint8Array): string {
  return (crc32(body) >>> 0).toString(16).padStart(8, "0");
}

/** As S3's headers have it: base64 of the four bytes, most significant first. */
export function crcBase64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

/**
 * The checksum that a store confirmed, in the port's form. Throws "damage" where it is not ours: what
 * is stored is not what was sent. `type` is S3's ChecksumType; an answer to a PUT may leave it out.
 */
export function confirmedChecksum(
  confirmed: string | undefined,
  type: string | undefined,
  expectedHex: string | undefined,
  key: string,
): { readonly checksum?: string } {
  if (confirmed === undefined) return {};
  if (type === "COMPOSITE" || confirmed.includes("-")) {
    return { checksum: `crc32-parts:${confirmed}` };
  }
  const hex = Buffer.from(confirmed, "base64").toString("hex");
  if (expectedHex !== undefined && hex !== expectedHex) {
    throw new HoldfastError(
      "damage",
      `the store confirms CRC32 ${hex} for ${key}, but ${expectedHex} was sent`,
      {
        context: { key, code: "ChecksumMismatch" },
        hint: "the stored object is damaged: run again, and check the network and the store",
      },
    );
  }
  return { checksum: `crc32:${hex}` };
}
