import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { DiskFile } from "./disk.ts";
import { hexOfCrc } from "./checked_line.ts";

export interface ContentSums {
  readonly size: number;
  readonly sha256: string;
  readonly crc32: string;
  /** MD5, 32 hex digits. */
  readonly md5: string;
}

/** Writes the chunks and sums them. A known SHA-256 or ETag spares its pass over the bytes. */
export async function writeContent(
  file: DiskFile,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  known: { readonly sha256?: string; readonly etag?: string },
): Promise<ContentSums> {
  const sha256 = known.sha256 === undefined ? createHash("sha256") : undefined;
  const md5 = known.etag === undefined ? createHash("md5") : undefined;
  let size = 0;
  let crc = 0;
  for await (const chunk of chunks) {
    sha256?.update(chunk);
    md5?.update(chunk);
    crc = crc32(chunk, crc);
    size += chunk.length;
    await file.write(chunk);
  }
  return {
    size,
    sha256: known.sha256 ?? sha256!.digest("hex"),
    crc32: hexOfCrc(crc),
    md5: md5 === undefined ? "" : md5.digest("hex"),
  };
}
