/** DOS attributes as SMB has them: MS-FSCC 2.6, https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc/ca28ec38-f155-4768-81d6-4bfeb8586fc9 */
export const DOS_READONLY = 0x1;
export const DOS_HIDDEN = 0x2;
export const DOS_SYSTEM = 0x4;
export const DOS_DIRECTORY = 0x10;
export const DOS_ARCHIVE = 0x20;
export const DOS_NORMAL = 0x80;
export const DOS_SPARSE = 0x200;
export const DOS_REPARSE_POINT = 0x400;

/** What a client may set: the rest is the server's to say. */
export const DOS_SETTABLE = DOS_READONLY | DOS_HIDDEN | DOS_SYSTEM | DOS_ARCHIVE;

/** What follows from other things, and nobody sets: the server keeps the file so. */
export const DOS_DERIVED = DOS_SPARSE | DOS_REPARSE_POINT;

const LETTERS = [
  [DOS_READONLY, "R"],
  [DOS_HIDDEN, "H"],
  [DOS_SYSTEM, "S"],
  [DOS_ARCHIVE, "A"],
] as const;

/** "RHA"; attributes without a letter of their own as a number behind it; "" for none. */
export function dosText(dos: number): string {
  const letters = LETTERS.filter(([bit]) => (dos & bit) !== 0).map(([, letter]) => letter).join("");
  const others = dos & ~DOS_SETTABLE;
  return others === 0 ? letters : `${letters}+${others.toString(16)}`;
}

/** The extended attribute in which a Samba server keeps them beside a file. */
export const DOS_ATTRIBUTE_NAME = "user.DOSATTRIB";

const HAS_ATTRIBUTES = 0x1;
const HAS_CREATE_TIME = 0x10;
const VERSION = 5;

/**
 * Its value, with the time of birth (ns since 1970, 0 for none): NDR of Samba's xattr_DOSATTRIB,
 * version 5 (librpc/idl/xattr.idl): "" and padding u16 · version u16 · version u32 · what is there
 * u32 · attributes u32 · birth NTTIME u64, all little-endian.
 */
export function dosAttributeValue(dos: number, birth: bigint): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(24);
  const view = new DataView(value.buffer);
  view.setUint16(2, VERSION, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, HAS_ATTRIBUTES | (birth === 0n ? 0 : HAS_CREATE_TIME), true);
  view.setUint32(12, dos, true);
  if (birth !== 0n) view.setBigUint64(16, ntTimeOf(birth), true);
  return value;
}

/** Seconds from 1601 to 1970. */
const EPOCH_DIFFERENCE = 11_644_473_600n;

/** 100 ns since 1601. A time before that is 1601. */
export function ntTimeOf(ns: bigint): bigint {
  const time = ns / 100n + EPOCH_DIFFERENCE * 10_000_000n;
  return time < 0n ? 0n : time;
}
