import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from "./open_flags.ts";
import { type Libc, SYS_OPENAT2 } from "./libc.ts";
import { cLiteral } from "./c_string.ts";
import { EINTR } from "./errno.ts";

/** RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH (openat2(2)). */
const RESOLVE = 0x02n | 0x04n | 0x08n;
const SLASH = 0x2f;
/** PATH_MAX is 4,096 with the NUL; longer paths are opened in pieces. */
const PIECE = 4000;

const how = new BigUint64Array(3);
const howBytes = new Uint8Array(how.buffer);
let hasOpenat2: boolean | undefined;

/**
 * Opens the path (a C string, components checked by cPath) below the folder `fd`, following no
 * symlink in any component and never leaving the folder. Any length of path. Returns a file
 * descriptor, or minus errno.
 */
export function openBeneath(
  libc: Libc,
  fd: number,
  path: Uint8Array<ArrayBuffer>,
  flags: number,
): number {
  hasOpenat2 ??= probe(libc);
  return hasOpenat2
    ? openByPieces(libc, fd, path, flags, pieceEnd, openResolved)
    : openByComponents(libc, fd, path, flags);
}

/** As `openBeneath`, name by name: for kernels before 5.6 and sandboxes that refuse openat2. */
export function openByComponents(
  libc: Libc,
  fd: number,
  path: Uint8Array<ArrayBuffer>,
  flags: number,
): number {
  return openByPieces(libc, fd, path, flags, componentEnd, openOne);
}

function openByPieces(
  libc: Libc,
  fd: number,
  path: Uint8Array<ArrayBuffer>,
  flags: number,
  endOf: (path: Uint8Array, start: number, length: number) => number,
  open: typeof openResolved,
): number {
  const length = path.length - 1;
  let folder = fd;
  let start = 0;
  for (;;) {
    const end = endOf(path, start, length);
    const last = end === length;
    const piece = path.slice(start, end + 1);
    piece[piece.length - 1] = 0;
    const next = open(libc, folder, piece, last ? flags : O_PATH | O_DIRECTORY);
    if (folder !== fd) libc.call.close(folder);
    if (last || next < 0) return next;
    folder = next;
    start = end + 1;
  }
}

/** Closed seccomp filters answer EPERM instead of ENOSYS: only a success says that it is there. */
function probe(libc: Libc): boolean {
  const fd = openResolved(libc, AT_FDCWD, cLiteral("."), O_PATH | O_DIRECTORY);
  if (fd >= 0) libc.call.close(fd);
  return fd >= 0;
}

function openResolved(
  libc: Libc,
  fd: number,
  path: Uint8Array<ArrayBuffer>,
  flags: number,
): number {
  how[0] = BigInt(flags | O_CLOEXEC | O_NOFOLLOW);
  how[1] = 0n;
  how[2] = RESOLVE;
  for (;;) {
    const opened = libc.call.openat2(SYS_OPENAT2, BigInt(fd), path, howBytes, 24n);
    if (opened >= 0) return opened;
    const errno = libc.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** One openat, the name itself not followed. Returns a file descriptor, or minus errno. */
export function openOne(
  libc: Libc,
  fd: number,
  name: Uint8Array<ArrayBuffer>,
  flags: number,
  mode = 0,
): number {
  for (;;) {
    const opened = libc.call.openat(fd, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (opened >= 0) return opened;
    const errno = libc.errno();
    if (errno !== EINTR) return -errno;
  }
}

function componentEnd(path: Uint8Array, start: number, length: number): number {
  const slash = path.indexOf(SLASH, start);
  return slash < 0 ? length : slash;
}

function pieceEnd(path: Uint8Array, start: number, length: number): number {
  if (length - start <= PIECE) return length;
  const slash = path.lastIndexOf(SLASH, start + PIECE);
  return slash > start ? slash : componentEnd(path, start, length);
}
