/** More of the last code point than fit into a key (1,024 bytes). */
const BEYOND = "\u{10FFFF}".repeat(257);

/** A text after all keys that begin with `prefix`, in byte order. */
export function afterPrefix(prefix: string): string {
  return prefix + BEYOND;
}
