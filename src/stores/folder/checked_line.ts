import { crc32 } from "node:zlib";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A line of JSON and a line with the CRC32 of the first: torn or altered ones are told apart. */
export function checkedLine(value: { readonly format: 1 }): Uint8Array {
  const line = JSON.stringify(value);
  return encoder.encode(`${line}\n${hexOfCrc(crc32(line))}\n`);
}

/** The value, or undefined where the bytes are torn, altered or of another format. */
export function lineIn<Value extends { readonly format: 1 }>(
  bytes: Uint8Array,
): Value | undefined {
  try {
    const [line, sum, rest] = decoder.decode(bytes).split("\n");
    if (rest !== "" || sum !== hexOfCrc(crc32(line))) return undefined;
    const value = JSON.parse(line);
    return value.format === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A CRC32 as 8 hex digits. */
export function hexOfCrc(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, "0");
}
