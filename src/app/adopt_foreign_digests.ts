import type { FileDigests, WantedDigests } from "../core/mirror/judge_foreign.ts";
import { hex } from "../core/hash.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { SourceFile } from "../ports/source.ts";

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/**
 * Reads an open file to its end, once, for all that it is to be compared by. `size`: bytes that it
 * should have. Throws kind "entry".
 */
export async function fileDigests(
  file: SourceFile,
  size: number,
  { md5, checksum, partSizes }: WantedDigests,
  { hashing, breathe }: {
    readonly hashing: Hashing;
    readonly breathe: () => Promise<void> | undefined;
  },
): Promise<FileDigests> {
  const sha256 = hashing.incremental();
  const whole = md5 ? hashing.incremental("md5") : undefined;
  const named = checksum === undefined ? undefined : hashing.incremental(checksum);
  const parts = partSizes.map((partSize) => partEtag(partSize, hashing));
  // One byte more than it should have: the end shows without another read.
  const buffer = new Uint8Array(Math.min(PIECE, size + 1));
  for (;;) {
    const length = await file.read(buffer);
    const bytes = buffer.subarray(0, length);
    for (const hash of [sha256, whole, named, ...parts]) hash?.update(bytes);
    if (length < buffer.length) break;
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  return {
    sha256: hex(sha256.digest()),
    ...(whole === undefined ? {} : { md5: hex(whole.digest()) }),
    ...(named === undefined ? {} : { checksum: hex(named.digest()) }),
    partEtags: parts.map((part) => part.etag()),
  };
}

/** The ETag of an upload in parts: the MD5 of the parts' MD5s, "-", and how many they are. */
function partEtag(partSize: number, hashing: Hashing) {
  const all = hashing.incremental("md5");
  let [part, filled, count] = [hashing.incremental("md5"), 0, 0];

  function endPart(): void {
    all.update(part.digest());
    count++;
    [part, filled] = [hashing.incremental("md5"), 0];
  }

  return {
    update(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.length;) {
        const piece = bytes.subarray(at, at + partSize - filled);
        part.update(piece);
        filled += piece.length;
        at += piece.length;
        if (filled === partSize) endPart();
      }
    },
    etag(): string {
      if (filled > 0 || count === 0) endPart();
      return `${hex(all.digest())}-${count}`;
    },
  };
}
