import { HoldfastError } from "../core/error.ts";
import { displayPath, type PathText } from "../core/path_text.ts";

/** Error numbers of Linux (asm-generic/errno.h) that the program decides by. */
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EACCES = 13;
export const EEXIST = 17;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOSPC = 28;
export const ELOOP = 40;
export const ENODATA = 61;
export const ENOTSUP = 95;
export const ENOSYS = 38;
export const EDQUOT = 122;

const texts: Readonly<Record<number, string>> = {
  [EPERM]: "EPERM: operation not permitted",
  [ENOENT]: "ENOENT: no such file or folder",
  [EINTR]: "EINTR: interrupted system call",
  5: "EIO: input/output error",
  6: "ENXIO: no such device",
  7: "E2BIG: too long a list",
  9: "EBADF: bad file descriptor",
  11: "EAGAIN: temporarily unavailable",
  12: "ENOMEM: out of memory",
  [EACCES]: "EACCES: permission denied",
  16: "EBUSY: device or resource busy",
  [EEXIST]: "EEXIST: already there",
  18: "EXDEV: on another file system",
  19: "ENODEV: no such device",
  [ENOTDIR]: "ENOTDIR: not a folder",
  21: "EISDIR: is a folder",
  [EINVAL]: "EINVAL: invalid argument",
  [ENFILE]: "ENFILE: too many open files in the system",
  [EMFILE]: "EMFILE: too many open files",
  26: "ETXTBSY: file is being executed",
  27: "EFBIG: file too large",
  [ENOSPC]: "ENOSPC: no space left",
  30: "EROFS: read-only file system",
  31: "EMLINK: too many links",
  34: "ERANGE: out of range",
  36: "ENAMETOOLONG: name too long",
  [ENOSYS]: "ENOSYS: not implemented",
  39: "ENOTEMPTY: folder not empty",
  [ELOOP]: "ELOOP: a symlink where none is followed",
  [ENODATA]: "ENODATA: no such attribute",
  75: "EOVERFLOW: value too large",
  [ENOTSUP]: "ENOTSUP: not supported",
  107: "ENOTCONN: not connected",
  110: "ETIMEDOUT: timed out",
  112: "EHOSTDOWN: host is down",
  116: "ESTALE: stale file handle",
  117: "EUCLEAN: file system needs repair",
  121: "EREMOTEIO: remote input/output error",
  [EDQUOT]: "EDQUOT: quota exceeded",
};

/** "EACCES: permission denied" for 13; "errno 999" for a number that has no name here. */
export function errnoText(errno: number): string {
  return texts[errno] ?? `errno ${errno}`;
}

/** "EACCES" for 13. */
export function errnoName(errno: number): string {
  return errnoText(errno).split(":")[0];
}

/** The error for one entry: kind "entry", or "disk-full" for ENOSPC and EDQUOT. `action`: "read". */
export function entryError(action: string, path: PathText, errno: number): HoldfastError {
  const full = errno === ENOSPC || errno === EDQUOT;
  return new HoldfastError(
    full ? "disk-full" : "entry",
    `cannot ${action} ${displayPath(path) || "the folder itself"}: ${errnoText(errno)}`,
    { context: { path: displayPath(path), errno: errnoName(errno) }, hint: hintFor(errno) },
  );
}

function hintFor(errno: number): string {
  switch (errno) {
    case ENOSPC:
    case EDQUOT:
      return "free some space and run again";
    case EPERM:
    case EACCES:
      return "run as a user who may do this, or exclude it";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n) and run again";
    case ENOENT:
      return "it was removed meanwhile: run again";
    case EEXIST:
      return "remove it, or allow overwriting";
    case ELOOP:
    case ENOTDIR:
      return "a component is not the folder it should be: look who changed it";
    default:
      return "look at the file system and its kernel messages, then run again";
  }
}
