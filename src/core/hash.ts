/** SHA-256 over the parts one after the other: passed in, because the fast one is the platform's. */
export type Sha256 = (...parts: (Uint8Array | string)[]) => Uint8Array;

export function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Throws SyntaxError where `text` is not pairs of hex digits. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text);
}
