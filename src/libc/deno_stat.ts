import type { EntryStat, EntryType } from "../core/stat_record.ts";

/**
 * What Deno's own lstat says, for the portable walker and target: milliseconds (ctime: seconds; none
 * on Windows), inode numbers exact up to 2⁵³. Undefined for a socket.
 */
export function statOfInfo(info: Deno.FileInfo): EntryStat | undefined {
  const type = typeOf(info);
  if (type === undefined) return undefined;
  const device = type === "block" || type === "char";
  return {
    type,
    sparse: type === "file" && info.blocks !== null && info.blocks * 512 < info.size,
    mode: (info.mode ?? (type === "folder" ? 0o755 : 0o644)) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    fileId: BigInt(info.ino ?? 0),
    size: type === "file" ? BigInt(info.size) : 0n,
    mtime: nanoseconds(info.mtime),
    ctime: nanoseconds(info.ctime),
    birth: nanoseconds(info.birthtime),
    rdev: device ? rdevOf(BigInt(info.rdev ?? 0)) : 0n,
  };
}

function typeOf(info: Deno.FileInfo): EntryType | undefined {
  if (info.isSymlink) return "symlink";
  if (info.isDirectory) return "folder";
  if (info.isFile) return "file";
  if (info.isFifo) return "fifo";
  if (info.isBlockDevice) return "block";
  return info.isCharDevice ? "char" : undefined;
}

function nanoseconds(time: Date | null): bigint {
  return time === null ? 0n : BigInt(time.getTime()) * 1_000_000n;
}

/** st_rdev as the platform's C library packs it, to major << 32 | minor. */
function rdevOf(rdev: bigint): bigint {
  if (Deno.build.os === "darwin") return ((rdev >> 24n) & 0xffn) << 32n | (rdev & 0xff_ffffn);
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n);
  return major << 32n | minor;
}
