import type { PathText } from "../../core/path_text.ts";
import { EEXIST, EINVAL, ENOENT, ENOSYS, entryError } from "../../libc/errno.ts";
import { type Libc, SYS_RENAMEAT2 } from "../../libc/libc.ts";
import { statName, statxBuffer } from "../../libc/statx.ts";

const RENAME_NOREPLACE = 1n;
const stat = statxBuffer();

/**
 * Gives the entry `from` in the folder its final name `to`. Without `replace` it throws kind "entry"
 * where something is there, in one step; where the file system knows no such rename, by a hard link,
 * which refuses as well; and on those without hard links by looking first.
 */
export function giveName(
  libc: Libc,
  folder: number,
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
  path: PathText,
  replace: boolean,
): void {
  const errno = replace ? rename(libc, folder, from, to) : renameToFree(libc, folder, from, to);
  if (errno !== 0) throw entryError("give its name to", path, errno);
}

function rename(
  libc: Libc,
  folder: number,
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
): number {
  return libc.call.renameat(folder, from, folder, to) === 0 ? 0 : libc.errno();
}

function renameToFree(
  libc: Libc,
  folder: number,
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
): number {
  const at = BigInt(folder);
  if (libc.call.renameat2(SYS_RENAMEAT2, at, from, at, to, RENAME_NOREPLACE) === 0) return 0;
  const errno = libc.errno();
  if (errno !== EINVAL && errno !== ENOSYS) return errno;
  return linkToFree(libc, folder, from, to);
}

/** For file systems (NFS) and kernels without RENAME_NOREPLACE. */
export function linkToFree(
  libc: Libc,
  folder: number,
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
): number {
  if (libc.call.linkat(folder, from, folder, to, 0) === 0) {
    return libc.call.unlinkat(folder, from, 0) === 0 ? 0 : libc.errno();
  }
  if (libc.errno() === EEXIST) return EEXIST;
  if (statName(libc, folder, to, stat)) return EEXIST;
  const errno = libc.errno();
  return errno === ENOENT ? rename(libc, folder, from, to) : errno;
}
