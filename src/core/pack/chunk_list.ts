import { HoldfastError } from "../error.ts";
import { bytesOfHex, hex } from "../hash.ts";

/** A chunk of a large file, stored as the pack member `.holdfast/chunks/<sha256>`. */
export interface ListedChunk {
  /** Bytes, at least 1. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/**
 * The content of a list member: a line `offset length sha256` for each chunk, in order, each with its
 * newline. `dd` in a shell loop puts the file together by it (docs/recovery.md).
 */
export function chunkListText(chunks: readonly ListedChunk[]): string {
  let text = "";
  let offset = 0;
  for (const { size, sha256 } of chunks) {
    text += `${offset} ${size} ${sha256}\n`;
    offset += size;
  }
  return text;
}

const LINE = /^(0|[1-9][0-9]*) ([1-9][0-9]*) ([0-9a-f]{64})$/;

/** Throws kind "damage" where the text is not the list of a content of `size` bytes. */
export function parseChunkList(text: string, size: number): ListedChunk[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new HoldfastError("damage", "a list of chunks is cut off");
  const chunks: ListedChunk[] = [];
  let offset = 0;
  for (const [i, line] of lines.entries()) {
    const found = LINE.exec(line);
    if (found === null || Number(found[1]) !== offset) throw misfit(i + 1);
    const chunk = { size: Number(found[2]), sha256: found[3] };
    offset += chunk.size;
    if (!Number.isSafeInteger(offset)) throw misfit(i + 1);
    chunks.push(chunk);
  }
  if (offset === size) return chunks;
  throw new HoldfastError(
    "damage",
    `the chunks of a list are ${offset} bytes, and its file has ${size}`,
  );
}

function misfit(line: number): HoldfastError {
  return new HoldfastError("damage", `line ${line} of a list of chunks does not fit`, {
    context: { line },
  });
}

/** Hashes in one piece of the packed form at most: 43 KB of text. */
export const HASHES_IN_PIECE = 1000;
const HASH_BYTES = 32;

/** Some of the hashes of a list: `from` is the index of the first. */
export interface HashPiece {
  readonly from: number;
  /** The hashes' bytes one after the other as base64url without padding (RFC 4648, section 5). */
  readonly chunks: string;
}

/** The hashes of a list (64 hex digits each) in as few pieces as hold them. */
export function* hashPieces(hashes: readonly string[]): Generator<HashPiece> {
  for (let from = 0; from < hashes.length; from += HASHES_IN_PIECE) {
    const bytes = bytesOfHex(hashes.slice(from, from + HASHES_IN_PIECE).join(""));
    yield { from, chunks: base64url(bytes) };
  }
}

/** The hashes of one piece. Throws kind "damage" where it is not what `hashPieces` writes. */
export function hashesOfPiece(chunks: string): string[] {
  const bytes = bytesOfBase64url(chunks);
  const count = bytes.length / HASH_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > HASHES_IN_PIECE) {
    throw new HoldfastError("damage", `${bytes.length} bytes are not hashes of chunks`);
  }
  return Array.from({ length: count }, (_, i) => {
    return hex(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  });
}

export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Throws kind "damage" where the text is not exactly what `base64url` writes. */
export function bytesOfBase64url(text: string): Uint8Array<ArrayBuffer> {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    // Decoders take spaces and left-over bits; two texts of one hash would be one too many.
    if (base64url(bytes) === text) return bytes;
  } catch {
    // Refused below.
  }
  throw new HoldfastError("damage", `${JSON.stringify(text.slice(0, 50))} is not base64url`);
}
