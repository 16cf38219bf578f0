import {
  DOS_ARCHIVE,
  DOS_DIRECTORY,
  DOS_HIDDEN,
  DOS_NORMAL,
  DOS_READONLY,
  DOS_SPARSE,
  DOS_SYSTEM,
} from "../core/dos_attributes.ts";
import { NO_OWNER, packStat, unpackStat } from "../core/stat_record.ts";

/**
 * Stat records (core/stat_record.ts) of what libsmbclient tells of an entry: its `struct
 * libsmb_file_info` in a listing, a `struct stat` of an open file or a path. Times have 100 ns. The
 * record's mode is made up (0755, 0644, 0444 for read-only files): its DOS attributes are the server's.
 */
export const STAT_BYTES = 256;
export const FILE_INFO_BYTES = 96;
/** In libsmb_file_info: pointer to the name, a C string. */
export const NAME_AT = 88;

const INFO = { size: 0, attributes: 8, birth: 24, mtime: 40, ctime: 72 };

interface StatLayout {
  readonly ino: number;
  readonly mode: (view: DataView) => number;
  readonly size: number;
  readonly mtime: number;
  readonly ctime: number;
}

/** https://sourceware.org/git/glibc.git, sysdeps/unix/sysv/linux/{x86,generic}/bits/struct_stat.h */
const linuxStat = { ino: 8, size: 48, mtime: 88, ctime: 104 };
const layouts: Readonly<Record<string, StatLayout>> = {
  "linux x86_64": { ...linuxStat, mode: (view) => view.getUint32(24, true) },
  "linux aarch64": { ...linuxStat, mode: (view) => view.getUint32(16, true) },
  // <sys/stat.h>, __DARWIN_STRUCT_STAT64
  "darwin x86_64": { ...darwinStat(), mode: (view) => view.getUint16(4, true) },
  "darwin aarch64": { ...darwinStat(), mode: (view) => view.getUint16(4, true) },
};

function darwinStat() {
  return { ino: 8, size: 96, mtime: 48, ctime: 64 };
}

const layout = layouts[`${Deno.build.os} ${Deno.build.arch}`] ?? layouts["linux x86_64"];

/** struct timespec, in ns. */
function timeAt(view: DataView, at: number): bigint {
  return view.getBigInt64(at, true) * 1_000_000_000n + view.getBigInt64(at + 8, true);
}

/** Of a listing's entry; both structs come with it, and cost no round trip. */
export function recordOfInfo(info: DataView, stat: DataView): Uint8Array<ArrayBuffer> {
  const attributes = info.getUint16(INFO.attributes, true);
  const isFolder = (attributes & DOS_DIRECTORY) !== 0;
  return packStat({
    ...entryOf(attributes),
    fileId: stat.getBigUint64(layout.ino, true),
    size: isFolder ? 0n : info.getBigInt64(INFO.size, true),
    mtime: timeAt(info, INFO.mtime),
    ctime: timeAt(info, INFO.ctime),
    birth: timeAt(info, INFO.birth),
  });
}

function entryOf(attributes: number) {
  const isFolder = (attributes & DOS_DIRECTORY) !== 0;
  const isReadonly = (attributes & DOS_READONLY) !== 0;
  return {
    type: isFolder ? "folder" as const : "file" as const,
    sparse: !isFolder && (attributes & DOS_SPARSE) !== 0,
    dos: attributes & ~(DOS_DIRECTORY | DOS_NORMAL),
    mode: isFolder ? 0o755 : isReadonly ? 0o444 : 0o644,
    ...{ uid: NO_OWNER, gid: NO_OWNER, rdev: 0n },
  };
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
/** How libsmbclient puts DOS attributes into a mode (libsmb_stat.c, setup_stat). */
const IN_MODE = [[0o100, DOS_ARCHIVE], [0o010, DOS_SYSTEM], [0o001, DOS_HIDDEN]] as const;
/** What a `struct stat` tells of the DOS attributes of a file. */
const TOLD = DOS_READONLY | DOS_HIDDEN | DOS_SYSTEM | DOS_ARCHIVE;

/** Of a `struct stat`: without the time of birth and the attributes that no mode bit stands for. */
export function recordOfStat(stat: DataView): Uint8Array<ArrayBuffer> {
  const mode = layout.mode(stat);
  const isFolder = (mode & S_IFMT) === S_IFDIR;
  let attributes = isFolder ? DOS_DIRECTORY : (mode & 0o200) === 0 ? DOS_READONLY : 0;
  for (const [bit, attribute] of IN_MODE) {
    if (!isFolder && (mode & bit) !== 0) attributes |= attribute;
  }
  return packStat({
    ...entryOf(attributes),
    fileId: stat.getBigUint64(layout.ino, true),
    size: isFolder ? 0n : stat.getBigInt64(layout.size, true),
    mtime: timeAt(stat, layout.mtime),
    ctime: timeAt(stat, layout.ctime),
    birth: 0n,
  });
}

/**
 * The record of a `struct stat` with what only a listing tells, from the record of the same entry in
 * one: equal to that where the entry is as it was.
 */
export function withListed(record: Uint8Array, listed: Uint8Array | undefined): Uint8Array {
  if (listed === undefined) return record;
  const now = unpackStat(record);
  const then = unpackStat(listed);
  if (now.fileId !== then.fileId || now.type !== then.type) return record;
  const told = now.type === "file" ? TOLD : 0;
  const dos = (now.dos ?? 0) & told | (then.dos ?? 0) & ~told;
  return packStat({ ...now, birth: then.birth, sparse: then.sparse, dos });
}
