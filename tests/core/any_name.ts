import fc from "fast-check";
import { textOfBytes } from "../../src/core/path_text.ts";

/** Names of any bytes but "/" and NUL, with those that keys and terminals stumble over more often. */
export const anyNameBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.array(
    fc.constantFrom(
      ...["%", "2", "E", "e", ".", "..", "a", "/", " ", "\x01", "\x7f", "\ufffe", "\uffff"],
      ...["\u00e9", "\ufeff", "\u{1f600}", "\u{10ffff}", "\ue000", ".holdfast", "\\", "+"],
    ),
    { minLength: 1, maxLength: 6 },
  ).map((parts) => new TextEncoder().encode(parts.join(""))),
).map((bytes) => Uint8Array.from(bytes.filter((byte) => byte !== 0 && byte !== 0x2f)))
  .filter((bytes) => bytes.length > 0);

export const anyName = anyNameBytes.map(textOfBytes);

/** Names as a file system has them. */
export const realName = anyName.filter((name) => name !== "." && name !== "..");

export const anyPath = fc.array(anyName, { minLength: 1, maxLength: 4 })
  .map((names) => names.join("/"));
