import { HoldfastError, isKind } from "../core/error.ts";
import { displayPath } from "../core/path_text.ts";
import type { CallFailure } from "./call_failure.ts";

/** Error numbers of Linux, as libsmbclient makes them of the server's status (libsmb_errno.c). */
const EPERM = 1;
const ENOENT = 2;
const EACCES = 13;
const EBUSY = 16;
const ENOTDIR = 20;

/** The connection, the session or the server is gone: it may come back. */
const lostNumbers: ReadonlyMap<number, string> = new Map([
  [32, "EPIPE: the connection was cut"],
  [100, "ENETDOWN: the network is down"],
  [101, "ENETUNREACH: no way to its network"],
  [102, "ENETRESET: the connection was cut"],
  [103, "ECONNABORTED: the session was ended"],
  [104, "ECONNRESET: the connection was cut"],
  [107, "ENOTCONN: not connected"],
  [108, "ESHUTDOWN: the server closed the connection"],
  [110, "ETIMEDOUT: no answer"],
  [111, "ECONNREFUSED: nothing listens at its port"],
  [112, "EHOSTDOWN: host is down"],
  [113, "EHOSTUNREACH: no way to it"],
]);

const texts: ReadonlyMap<number, string> = new Map([
  [EPERM, "EPERM: not permitted"],
  [ENOENT, "ENOENT: not there"],
  [5, "EIO: input/output error"],
  [9, "EBADF: not open any more"],
  [12, "ENOMEM: out of memory"],
  [EACCES, "EACCES: permission denied"],
  [EBUSY, "EBUSY: locked by another program"],
  [19, "ENODEV: no such device"],
  [ENOTDIR, "ENOTDIR: not a folder"],
  [21, "EISDIR: is a folder"],
  [22, "EINVAL: the server refused it, or speaks no protocol that is known"],
  [24, "EMFILE: too many open files"],
  [28, "ENOSPC: no space left"],
  [36, "ENAMETOOLONG: name too long"],
  [40, "ELOOP: a symlink that leads nowhere"],
  [95, "ENOTSUP: not supported"],
  [116, "ESTALE: it was replaced"],
]);

export function isLost({ errno }: CallFailure): boolean {
  return lostNumbers.has(errno);
}

/** Said of an entry, and also where libsmbclient believed in a connection that was gone. */
const doubtful: ReadonlySet<unknown> = new Set(["EBADF", "ENOMEM", "EINVAL"]);

/** An error of an entry that may be one of the session: a new one tells. */
export function isDoubtful(error: unknown): boolean {
  return isKind(error, "entry") && doubtful.has(error.context.errno);
}

/** Nobody answered, or would. */
const unanswered: ReadonlySet<unknown> = new Set(
  ["ENETDOWN", "ENETUNREACH", "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH"],
);

/** A connection that stood was cut off, or a child has ended: another one may do better at once. */
export function isCutOff(error: unknown): boolean {
  return isKind(error, "unreachable") && !unanswered.has(error.context.errno);
}

/** "EACCES: permission denied" for 13. */
export function smbErrorText(errno: number): string {
  return lostNumbers.get(errno) ?? texts.get(errno) ?? `errno ${errno}`;
}

/**
 * The error of a call about an entry: kind "unreachable" where the server was lost, else "entry".
 * `path`: names below the share.
 */
export function smbEntryError(failure: CallFailure, path: readonly string[]): HoldfastError {
  const { step, errno } = failure;
  const shown = displayPath(path.join("/")) || "the share";
  const context = { path: shown, errno: smbErrorText(errno).split(":")[0] };
  if (isLost(failure)) {
    return new HoldfastError("unreachable", `the server was lost: ${smbErrorText(errno)}`, {
      context,
      hint: "look at the server and the network, then run again: it carries on",
    });
  }
  return new HoldfastError("entry", `cannot ${step} ${shown}: ${smbErrorText(errno)}`, {
    context,
    hint: entryHint(errno),
  });
}

function entryHint(errno: number): string {
  switch (errno) {
    case EPERM:
    case EACCES:
      return "give the user the right to read it, or exclude it";
    case EBUSY:
      return 'close the program that has it open, or read previous versions: smb_snapshot = "latest"';
    case ENOENT:
      return "it was removed meanwhile: run again";
    default:
      return "look at the server's log, then run again";
  }
}
