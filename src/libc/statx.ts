import { FILE_CODE, SPARSE_FLAG, STAT_RECORD_BYTES } from "../core/stat_record.ts";
import { AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW } from "./open_flags.ts";
import { EMPTY } from "./c_string.ts";
import type { Libc } from "./libc.ts";

/**
 * struct statx (linux/stat.h; statx(2)): 256 bytes, one layout on all architectures. Here as 32-bit
 * words, by their index.
 */
export const STATX_BYTES = 256;
/** STATX_BASIC_STATS | STATX_BTIME */
export const STATX_MASK = 0xfff;
export const STATX_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
const STATX_BTIME = 0x800;
const STATX_ATTR_MOUNT_ROOT = 0x2000;

/** st_ino: low word, then high word. */
export const INO = 8;
const MASK = 0, ATTRIBUTES = 2, NLINK = 4, UID = 5, GID = 6, MODE = 7, SIZE = 10;
const BLOCKS = 12, BTIME = 20, CTIME = 24, MTIME = 28;
const RDEV_MAJOR = 32, RDEV_MINOR = 33, DEV_MAJOR = 34, DEV_MINOR = 35;

/** S_IFMT >> 12 to the type code of core/stat_record.ts; 0 for sockets and what is unknown. */
const codes = new Uint8Array(16);
codes[0o10] = FILE_CODE;
codes[0o4] = 2;
codes[0o12] = 3;
codes[0o6] = 4;
codes[0o2] = 5;
codes[0o1] = 6;

export interface StatxBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
}

export function statxBuffer(): StatxBuffer {
  const bytes = new Uint8Array(STATX_BYTES);
  return { bytes, words: new Uint32Array(bytes.buffer) };
}

/** The type code of what was looked at; 0 for a socket. */
export function typeCodeOf(words: Uint32Array): number {
  return codes[(words[MODE] >> 12) & 0xf];
}

export function linksOf(words: Uint32Array): number {
  return words[NLINK];
}

export function isMountRoot(words: Uint32Array): boolean {
  return (words[ATTRIBUTES] & STATX_ATTR_MOUNT_ROOT) !== 0;
}

export function hasBirthTime(words: Uint32Array): boolean {
  return (words[MASK] & STATX_BTIME) !== 0;
}

/** st_dev as one number that two entries of one file system share. */
export function deviceOf(words: Uint32Array): number {
  return words[DEV_MAJOR] * 0x1_0000_0000 + words[DEV_MINOR];
}

/** "254:0", as /proc/self/mountinfo writes it. */
export function deviceText(device: number): string {
  return `${Math.floor(device / 0x1_0000_0000)}:${device >>> 0}`;
}

/** Writes the packed stat record of `words` to `out` (32-bit words), from index `at` on. */
export function putRecord(words: Uint32Array, out: Uint32Array, at: number): void {
  const mode = words[MODE] & 0xffff;
  const code = codes[mode >> 12];
  const isFile = code === FILE_CODE;
  // du's rule: fewer blocks than bytes. True also of compressed files, where it does no harm.
  const sparse = isFile && longAt(words, BLOCKS) * 512 < longAt(words, SIZE);
  out[at] = code | (sparse ? SPARSE_FLAG << 8 : 0);
  out[at + 1] = mode & 0o7777;
  out[at + 2] = words[UID];
  out[at + 3] = words[GID];
  out[at + 4] = words[INO];
  out[at + 5] = words[INO + 1];
  out[at + 6] = isFile ? words[SIZE] : 0;
  out[at + 7] = isFile ? words[SIZE + 1] : 0;
  putNanoseconds(words, MTIME, out, at + 8);
  putNanoseconds(words, CTIME, out, at + 10);
  if ((words[MASK] & STATX_BTIME) !== 0) putNanoseconds(words, BTIME, out, at + 12);
  else out[at + 12] = out[at + 13] = 0;
  const isDevice = code === 4 || code === 5;
  out[at + 14] = isDevice ? words[RDEV_MINOR] : 0;
  out[at + 15] = isDevice ? words[RDEV_MAJOR] : 0;
}

function longAt(words: Uint32Array, at: number): number {
  return words[at] + words[at + 1] * 0x1_0000_0000;
}

/**
 * seconds × 10⁹ + nanoseconds as a 64-bit integer in two words, without a BigInt for the years 1970
 * to 2106: the seconds are split at 16 bits so that each product is exact in a double.
 */
function putNanoseconds(words: Uint32Array, from: number, out: Uint32Array, at: number): void {
  const seconds = words[from];
  if (words[from + 1] !== 0) return putLongNanoseconds(words, from, out, at);
  const high = (seconds >>> 16) * 1e9;
  const highLow16 = high & 0xffff;
  const low = highLow16 * 65536 + (seconds & 0xffff) * 1e9 + words[from + 2];
  out[at] = low;
  out[at + 1] = (high - highLow16) / 65536 + Math.floor(low / 0x1_0000_0000);
}

const LAST = 2n ** 63n - 1n;

/** A time beyond the years 1677 to 2262, which 64 bits hold, is the first or the last of them. */
function putLongNanoseconds(words: Uint32Array, from: number, out: Uint32Array, at: number): void {
  const seconds = BigInt(words[from + 1] | 0) * 0x1_0000_0000n + BigInt(words[from]);
  const exact = seconds * 1_000_000_000n + BigInt(words[from + 2]);
  const value = BigInt.asUintN(64, exact > LAST ? LAST : exact < -LAST ? -LAST : exact);
  out[at] = Number(value & 0xffff_ffffn);
  out[at + 1] = Number(value >> 32n);
}

/** A packed stat record of its own. */
export function recordOf(words: Uint32Array): Uint8Array<ArrayBuffer> {
  const record = new Uint32Array(STAT_RECORD_BYTES / 4);
  putRecord(words, record, 0);
  return new Uint8Array(record.buffer);
}

/** fstat of an open handle (O_PATH too). True where it succeeded, else errno tells. */
export function statHandle(libc: Libc, fd: number, buffer: StatxBuffer): boolean {
  return libc.call.statx(fd, EMPTY, AT_EMPTY_PATH | STATX_FLAGS, STATX_MASK, buffer.bytes) === 0;
}

/** lstat of `name` (a C string) in the folder `fd`. True where it succeeded, else errno tells. */
export function statName(
  libc: Libc,
  fd: number,
  name: Uint8Array<ArrayBuffer>,
  buffer: StatxBuffer,
): boolean {
  return libc.call.statx(fd, name, STATX_FLAGS, STATX_MASK, buffer.bytes) === 0;
}
