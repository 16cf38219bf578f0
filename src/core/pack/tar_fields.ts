import { BLOCK } from "./tar_member.ts";

/** Where a field of the ustar header is: first byte and length (POSIX.1-2024 pax, "ustar Interchange Format"). */
export interface TarField {
  readonly at: number;
  readonly length: number;
}

export const FIELDS = {
  name: { at: 0, length: 100 },
  mode: { at: 100, length: 8 },
  uid: { at: 108, length: 8 },
  gid: { at: 116, length: 8 },
  size: { at: 124, length: 12 },
  mtime: { at: 136, length: 12 },
  checksum: { at: 148, length: 8 },
  typeflag: { at: 156, length: 1 },
  linkname: { at: 157, length: 100 },
  magic: { at: 257, length: 8 },
  uname: { at: 265, length: 32 },
  gname: { at: 297, length: 32 },
  devmajor: { at: 329, length: 8 },
  devminor: { at: 337, length: 8 },
  prefix: { at: 345, length: 155 },
} as const satisfies Record<string, TarField>;

const ZERO = 0x30;
const SPACE = 0x20;
/** Set in the first byte of a number that is not octal but big-endian, as all readers know it. */
const BINARY = 0x80;

/** The largest number that a field of so many bytes holds in octal, behind which stands a NUL. */
const OCTAL_MOST = Array.from({ length: 13 }, (_, length) => 8 ** (length - 1) - 1);

/** The largest number that the field holds in octal. */
export function octalMost(field: TarField): number {
  return OCTAL_MOST[field.length];
}

/**
 * Writes a number into a field of the header at `base`: octal digits and a NUL, or binary where it
 * does not fit or is negative.
 */
export function writeNumber(
  out: Uint8Array,
  base: number,
  { at, length }: TarField,
  value: number,
): void {
  const first = base + at;
  if (value < 0 || value > OCTAL_MOST[length]) return writeBinary(out, first, length, value);
  let high = value;
  for (let i = first + length - 2; i >= first; i--) {
    if (high < 0x80000000) {
      out[i] = ZERO + (high & 7);
      high >>>= 3;
    } else {
      out[i] = ZERO + high % 8;
      high = Math.floor(high / 8);
    }
  }
}

function writeBinary(out: Uint8Array, first: number, length: number, value: number): void {
  let high = BigInt(value);
  for (let i = first + length - 1; i >= first; i--) {
    out[i] = Number(high & 0xffn);
    high >>= 8n;
  }
  out[first] |= BINARY;
}

/** The number in a field, 0 where it is empty; undefined where it is none. */
export function readNumber(header: Uint8Array, field: TarField): bigint | undefined {
  return (header[field.at] & BINARY) === 0 ? readOctal(header, field) : readBinary(header, field);
}

function readOctal(header: Uint8Array, { at, length }: TarField): bigint | undefined {
  let value = 0;
  let i = at;
  const end = at + length;
  while (i < end && header[i] === SPACE) i++;
  for (; i < end && header[i] >= ZERO && header[i] < ZERO + 8; i++) {
    value = value * 8 + header[i] - ZERO;
  }
  for (; i < end; i++) if (header[i] !== 0 && header[i] !== SPACE) return undefined;
  return BigInt(value);
}

function readBinary(header: Uint8Array, { at, length }: TarField): bigint {
  let value = BigInt(header[at] & 0x7f);
  for (let i = at + 1; i < at + length; i++) value = (value << 8n) | BigInt(header[i]);
  return BigInt.asIntN(8 * length - 1, value);
}

/** The bytes of a text field up to its NUL or its end: a view. */
export function readBytes(header: Uint8Array, { at, length }: TarField): Uint8Array {
  let end = at;
  while (end < at + length && header[end] !== 0) end++;
  return header.subarray(at, end);
}

/** The sum of the bytes of the header at `base`, its checksum counted as spaces. */
export function sumOf(bytes: Uint8Array, base: number): number {
  const { at, length } = FIELDS.checksum;
  let sum = SPACE * length;
  // Four at a time, because this is the most of what writing a header costs.
  for (let i = base; i < base + BLOCK; i += 4) {
    sum += bytes[i] + bytes[i + 1] + bytes[i + 2] + bytes[i + 3];
  }
  for (let i = base + at; i < base + at + length; i++) sum -= bytes[i];
  return sum;
}

/** Six digits, a NUL and a space, as every tar writes it. */
export function writeChecksum(out: Uint8Array, base: number, sum = sumOf(out, base)): void {
  const { at, length } = FIELDS.checksum;
  writeNumber(out, base, SIX_DIGITS, sum);
  out[base + at + length - 1] = SPACE;
}

const SIX_DIGITS: TarField = { at: FIELDS.checksum.at, length: 7 };

const MAGIC = new TextEncoder().encode("ustar\u000000");

/** A header with what is the same in all of them. */
export function emptyHeader(): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(BLOCK);
  header.set(MAGIC, FIELDS.magic.at);
  for (const field of [FIELDS.uid, FIELDS.gid, FIELDS.mtime, FIELDS.devmajor, FIELDS.devminor]) {
    writeNumber(header, 0, field, 0);
  }
  return header;
}

export function hasMagic(header: Uint8Array): boolean {
  for (let i = 0; i < MAGIC.length; i++) {
    if (header[FIELDS.magic.at + i] !== MAGIC[i]) return false;
  }
  return true;
}
