/**
 * Names and paths as text that loses no byte.
 *
 * A name on disk is bytes. Inside the program it is a string: UTF-8 decoded, every byte that is not
 * part of valid UTF-8 as the lone surrogate U+DC00 + byte (Python's PEP 383, "surrogateescape").
 * So the text is reversible, and equal exactly where the bytes are. A path is names joined by "/",
 * "" is the root of a source. In JSON a path or name is a string where it is valid UTF-8, else
 * `{"b64": …}` of its bytes.
 */
export type PathText = string;

export type JsonPath = string | { readonly b64: string };

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** The bytes of a text. Throws nothing: a surrogate that is not an escaped byte becomes U+FFFD. */
export function bytesOfText(text: PathText): Uint8Array<ArrayBuffer> {
  if (!loneSurrogate.test(text)) return encoder.encode(text);
  const parts: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(unit - 0xdc00);
      continue;
    }
    const point = text.codePointAt(i)!;
    if (point > 0xffff) i++;
    parts.push(...encoder.encode(String.fromCodePoint(point)));
  }
  return Uint8Array.from(parts);
}

/** The text of bytes (UTF-8 as the Encoding Standard reads it; all else escaped byte by byte). */
export function textOfBytes(bytes: Uint8Array): PathText {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

function escapeInvalid(bytes: Uint8Array): PathText {
  let text = "";
  let i = 0;
  while (i < bytes.length) {
    const length = validSequence(bytes, i);
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + bytes[i]);
      i++;
    } else {
      text += strictDecoder.decode(bytes.subarray(i, i + length));
      i += length;
    }
  }
  return text;
}

/** Length of the valid UTF-8 sequence at `i`, or 0 (Unicode 15, table 3-7). */
function validSequence(bytes: Uint8Array, i: number): number {
  const first = bytes[i];
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || i + length > bytes.length) return 0;
  try {
    strictDecoder.decode(bytes.subarray(i, i + length));
    return length;
  } catch {
    return 0;
  }
}

/** True where the text holds bytes that are not UTF-8. */
export function hasRawBytes(text: PathText): boolean {
  return loneSurrogate.test(text);
}

export function jsonOfText(text: PathText): JsonPath {
  return hasRawBytes(text) ? { b64: base64(bytesOfText(text)) } : text;
}

export function textOfJson(json: JsonPath): PathText {
  return typeof json === "string" ? json : textOfBytes(bytesOfBase64(json.b64));
}

export function base64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** Throws SyntaxError where `text` is not base64 (RFC 4648, section 4). */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text);
}

/** Compares as the bytes would compare: by code point, escaped bytes by their value. */
export function compareText(a: PathText, b: PathText): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x < 0x80 && y < 0x80 ? x - y : compareBytes(bytesOfText(a), bytesOfText(b));
  }
  return a.length - b.length;
}

/** Byte order, as memcmp(3) and S3's list order. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i] - b[i];
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function joinPath(folder: PathText, name: PathText): PathText {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The folder and the name of a path; the folder of a top-level name is "". */
export function splitPath(path: PathText): { folder: PathText; name: PathText } {
  const slash = path.lastIndexOf("/");
  return slash < 0
    ? { folder: "", name: path }
    : { folder: path.slice(0, slash), name: path.slice(slash + 1) };
}

/**
 * A path on a terminal: control characters, raw bytes and marks that turn the direction of a line
 * (Unicode UAX #9) as \xNN of their bytes, backslash as \\.
 */
export function displayPath(path: PathText): string {
  return path.replace(UNSHOWN, (unit) => {
    if (unit === "\\") return "\\\\";
    return Array.from(
      bytesOfText(unit),
      (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
    ).join("");
  });
}

const UNSHOWN =
  // deno-lint-ignore no-control-regex -- control characters are what this escapes
  /[\x00-\x1f\x7f-\x9f\\\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\uD800-\uDFFF]/gu;
