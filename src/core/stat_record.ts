/**
 * What lstat says of an entry, packed into 64 bytes: the form in which a walker hands it over, the
 * index keeps it and the stat digest hashes it, so that an unchanged entry is never unpacked.
 *
 * Little-endian: 0 type u8 · 1 flags u8 (1 = sparse) · 2 DOS attributes u16 (of shares, else 0) ·
 * 4 mode u32 (07777 bits only) ·
 * 8 uid u32 · 12 gid u32 · 16 file id u64 · 24 size i64 (files only, else 0) · 32 mtime ns i64 ·
 * 40 ctime ns i64 · 48 birth ns i64 (0 = unknown) · 56 rdev u64 (devices only: major << 32 | minor).
 * Never st_dev (changes over reboots), nlink or atime.
 */
export const STAT_RECORD_BYTES = 64;

export const ENTRY_TYPES = ["file", "folder", "symlink", "block", "char", "fifo"] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

export interface EntryStat {
  readonly type: EntryType;
  readonly sparse: boolean;
  /** DOS attributes of an entry on a share (MS-FSCC 2.6), without DIRECTORY and NORMAL; 0 of others. */
  readonly dos?: number;
  /** Permission bits, 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly fileId: bigint;
  /** Bytes; 0 for everything but files. */
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly ctime: bigint;
  /** Nanoseconds since 1970, 0 where the file system does not keep it. */
  readonly birth: bigint;
  /** major << 32 | minor, 0 for everything but devices. */
  readonly rdev: bigint;
}

/** Type codes as stored in byte 0: the index in ENTRY_TYPES plus 1. Throws RangeError for no type. */
export function typeCode(type: EntryType): number {
  const index = ENTRY_TYPES.indexOf(type);
  if (index < 0) throw new RangeError(`unknown entry type ${type}`);
  return index + 1;
}

/** uid and gid of what has no owner here (shares); to chown(2) the word for "leave it as it is". */
export const NO_OWNER = 0xffff_ffff;

/** "1000:100"; "-" where there is no owner. */
export function ownerText(uid: number, gid: number): string {
  return uid === NO_OWNER && gid === NO_OWNER ? "-" : `${uid}:${gid}`;
}

export const FILE_CODE = 1;
export const FOLDER_CODE = 2;
export const SPARSE_FLAG = 1;

/** The type in byte 0 of the record at `offset`. Throws RangeError where the code is unknown. */
export function typeAt(records: Uint8Array, offset = 0): EntryType {
  const type = ENTRY_TYPES[records[offset] - 1];
  if (type === undefined) throw new RangeError(`unknown entry type code ${records[offset]}`);
  return type;
}

export function packStat(stat: EntryStat): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(STAT_RECORD_BYTES);
  const view = new DataView(record.buffer);
  view.setUint8(0, typeCode(stat.type));
  view.setUint8(1, stat.sparse ? SPARSE_FLAG : 0);
  view.setUint16(2, stat.dos ?? 0, true);
  view.setUint32(4, stat.mode, true);
  view.setUint32(8, stat.uid, true);
  view.setUint32(12, stat.gid, true);
  view.setBigUint64(16, stat.fileId, true);
  view.setBigInt64(24, stat.size, true);
  view.setBigInt64(32, stat.mtime, true);
  view.setBigInt64(40, stat.ctime, true);
  view.setBigInt64(48, stat.birth, true);
  view.setBigUint64(56, stat.rdev, true);
  return record;
}

export function unpackStat(records: Uint8Array, offset = 0): EntryStat {
  const view = new DataView(records.buffer, records.byteOffset + offset, STAT_RECORD_BYTES);
  return {
    type: typeAt(records, offset),
    sparse: (view.getUint8(1) & SPARSE_FLAG) !== 0,
    dos: view.getUint16(2, true),
    mode: view.getUint32(4, true),
    uid: view.getUint32(8, true),
    gid: view.getUint32(12, true),
    fileId: view.getBigUint64(16, true),
    size: view.getBigInt64(24, true),
    mtime: view.getBigInt64(32, true),
    ctime: view.getBigInt64(40, true),
    birth: view.getBigInt64(48, true),
    rdev: view.getBigUint64(56, true),
  };
}
