import { HoldfastError } from "../error.ts";

/**
 * A pax record: `<length> <key>=<value>\n`, the length that of all of it, in decimal (POSIX.1-2024
 * pax, "pax Extended Header"). Keys, and values that are text, have one character for each byte.
 */
export type PaxRecord = readonly [key: string, value: string | Uint8Array];

const NEWLINE = 10;
const SPACE = 0x20;
const EQUALS = 0x3d;

/** Bytes of the records one after the other. */
export function paxBytes(records: readonly PaxRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += recordBytes(record);
  return bytes;
}

function recordBytes([key, value]: PaxRecord): number {
  const rest = key.length + value.length + 3;
  const guess = rest + digitsOf(rest);
  return rest + digitsOf(guess);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let high = value; high >= 10; high = Math.floor(high / 10)) digits++;
  return digits;
}

/** Writes the records from `at` on; where they end. */
export function writePax(out: Uint8Array, at: number, records: readonly PaxRecord[]): number {
  let next = at;
  for (const record of records) {
    next = writeText(out, next, String(recordBytes(record)));
    out[next++] = SPACE;
    next = writeText(out, next, record[0]);
    out[next++] = EQUALS;
    next = writeValue(out, next, record[1]);
    out[next++] = NEWLINE;
  }
  return next;
}

function writeValue(out: Uint8Array, at: number, value: string | Uint8Array): number {
  if (typeof value === "string") return writeText(out, at, value);
  out.set(value, at);
  return at + value.length;
}

function writeText(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** One character for each byte. */
export function textOfRaw(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes that `textOfRaw` made the text of. */
export function rawOfText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  writeText(bytes, 0, text);
  return bytes;
}

/**
 * The records of an extended header; their values are views. `offset` is where the bytes are in the
 * TAR stream. Throws kind "damage" where they are no records.
 */
export function readPax(bytes: Uint8Array, offset: number): [key: string, value: Uint8Array][] {
  const records: [string, Uint8Array][] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(SPACE, at);
    const end = space < 0 ? -1 : at + lengthAt(bytes, at, space);
    const equals = bytes.indexOf(EQUALS, space);
    const isRecord = end > space && end <= bytes.length && bytes[end - 1] === NEWLINE &&
      equals > space + 1 && equals < end - 1;
    if (!isRecord) {
      const context = { offset: offset + at };
      throw new HoldfastError("damage", `no pax record at byte ${offset + at}`, { context });
    }
    const key = textOfRaw(bytes.subarray(space + 1, equals));
    records.push([key, bytes.subarray(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** The decimal number between `at` and `end`; NaN where it is none, or too long to be one. */
function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (end === at || end - at > 15) return NaN;
  let value = 0;
  for (let i = at; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

const SECOND = 1_000_000_000n;

/** Nanoseconds as decimal seconds, as in the records `mtime` and `LIBARCHIVE.creationtime`. */
export function paxTime(ns: bigint): string {
  if (ns < 0n) return `-${paxTime(-ns)}`;
  const fraction = Number(ns % SECOND);
  const seconds = String(ns / SECOND);
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(9, "0")}`;
}

/** Nanoseconds of decimal seconds, digits behind the ninth cut off; undefined where it is no time. */
export function nsOfPaxTime(value: Uint8Array): bigint | undefined {
  if (value.length > 64) return undefined;
  const found = /^(-?)(\d+)(?:\.(\d*))?$/.exec(textOfRaw(value));
  if (found === null) return undefined;
  const [, sign, seconds, fraction = ""] = found;
  const ns = BigInt(seconds) * SECOND + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "" ? ns : -ns;
}

export const ATTRIBUTE_KEY = "SCHILY.xattr.";

/** The key of an extended attribute: `%` and `=` of its name as %25 and %3D, as GNU tar has it. */
export function attributeKey(name: Uint8Array): string {
  const text = textOfRaw(name);
  return ATTRIBUTE_KEY + text.replace(/[%=]/g, (unit) => unit === "%" ? "%25" : "%3D");
}

/** The name that a key was made of. */
export function attributeName(key: string): Uint8Array<ArrayBuffer> {
  const text = key.slice(ATTRIBUTE_KEY.length);
  return rawOfText(text.replace(/%25|%3D/g, (code) => code === "%25" ? "%" : "="));
}
