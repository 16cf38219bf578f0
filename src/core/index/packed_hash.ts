import { compareBytes } from "../path_text.ts";
import { type ContentRow, IN_PACKS } from "./rows.ts";

/** SHA-256 of nothing: no pack has it as a content (FIPS 180-4). */
const EMPTY = Uint8Array.fromHex(
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
);

/** By what a row's content is found in packs; undefined where it has none there. */
export function packedHash(
  { content }: { readonly content: Pick<ContentRow, "etag" | "sha256"> },
): Uint8Array | undefined {
  const { etag, sha256 } = content;
  if (etag !== IN_PACKS || sha256 === null || compareBytes(sha256, EMPTY) === 0) return undefined;
  return sha256;
}
