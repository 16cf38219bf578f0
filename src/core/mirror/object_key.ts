import { bytesOfText, joinPath, type PathText, textOfBytes } from "../path_text.ts";
import type { BodySuffix } from "../sealed_name.ts";

/**
 * The object key of a path in the mirror layout: the path itself, but for what a key cannot hold
 * (docs/bucket_format.md). `%` and two hex digits stand for a byte:
 * control characters and DEL, bytes that are not UTF-8, U+FFFE and U+FFFF (no XML may hold them, and
 * a list answer is XML); the first dot of a segment that is `.` or `..` or that is the first one and
 * `.holdfast`; and a `%` that two hex digits follow. So names that other tools make are unchanged,
 * and each key has one path.
 */
export function keyOfPath(source: string, path: PathText, isFolder: boolean): string {
  const full = joinPath(source, path);
  const segments = full.split("/").map((name, i) => keySegment(name, i === 0));
  return segments.join("/") + (isFolder ? "/" : "");
}

const needsEscape =
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  /[\x00-\x1f\x7f\uFFFE\uFFFF]|[\uD800-\uDFFF]|%[0-9A-Fa-f]{2}|^\.\.?$|^\.holdfast$/;
// deno-lint-ignore no-control-regex -- as above
const escaped = /[\x00-\x1f\x7f\uFFFE\uFFFF]|[\uDC80-\uDCFF]|%(?=[0-9A-Fa-f]{2})/gu;

function keySegment(name: PathText, isFirst: boolean): string {
  if (!needsEscape.test(name)) return name;
  const text = name.replace(escaped, (unit) => {
    let out = "";
    for (const byte of bytesOfText(unit)) out += `%${hexByte(byte)}`;
    return out;
  });
  const isReserved = name === "." || name === ".." || (isFirst && name === ".holdfast");
  return isReserved ? `%2E${text.slice(1)}` : text;
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** The path that a key was made of, with its source's name in front; a folder marker's "/" is cut. */
export function pathOfKey(key: string): PathText {
  const text = key.endsWith("/") ? key.slice(0, -1) : key;
  if (!text.includes("%")) return text;
  const bytes = bytesOfText(text);
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const value = bytes[i] === 0x25 ? parseHex(bytes, i + 1) : -1;
    out[length++] = value < 0 ? bytes[i] : value;
    if (value >= 0) i += 2;
  }
  return textOfBytes(out.subarray(0, length));
}

function parseHex(bytes: Uint8Array, at: number): number {
  const high = hexValue(bytes[at]);
  const low = hexValue(bytes[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** S3's limit (AWS: creating object key names). */
export const MAX_KEY_BYTES = 1024;

export const CONTENT_FOLDER = ".holdfast/content/";

/**
 * Where content goes whose own key is too long, or an alias target. `tag` tells the entries of one
 * observation batch apart, and is the same each time: what an interrupted run has put is replaced.
 */
export function contentKey(log: string, position: number, tag: string): string {
  return `${CONTENT_FOLDER}${log}/${position}-${tag}`;
}

export function sidecarKey(
  log: string,
  position: number,
  tag: string,
  suffix: BodySuffix = "",
): string {
  return `.holdfast/sidecars/${log}/${position}-${tag}.json.zst${suffix}`;
}

/** Where `init` tries what the store can do; a folder of its own each time. */
export const PROBE_FOLDER = ".holdfast/probe/";

export const REPOSITORY_KEY = ".holdfast/repository.json";

/** The prefix, with its "/", of another repository whose `repository.json` this key is. */
export function repositoryBelow(key: string): string | undefined {
  return key.endsWith(`/${REPOSITORY_KEY}`) ? key.slice(0, -REPOSITORY_KEY.length) : undefined;
}
