import { DOS_ARCHIVE, DOS_HIDDEN, DOS_READONLY, DOS_SYSTEM } from "../core/dos_attributes.ts";
import { callFailed } from "./call_failure.ts";
import type { SmbSession } from "./client_session.ts";

/** What a restore does on a share, one call after the other. A path is names, the share first. All throw call failures. */
const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;

function check(session: SmbSession, result: number, step: string): void {
  if (result < 0) throw callFailed(step, session.errno());
}

export function makeRemoteFolder(session: SmbSession, path: readonly string[]): void {
  check(session, session.call.smbc_mkdir(session.urlOf(path), 0o755), "make the folder");
}

/** Makes a file that is not there yet; its number. */
export function createRemoteFile(session: SmbSession, path: readonly string[]): number {
  const file = session.call.smbc_open(session.urlOf(path), O_WRONLY | O_CREAT | O_EXCL, 0o644);
  check(session, file, "make the file");
  return file;
}

/** The alternate data stream `name` of what is at the path, with this content alone. */
export function writeRemoteStream(
  session: SmbSession,
  path: readonly string[],
  { name, content }: { readonly name: string; readonly content: Uint8Array<ArrayBuffer> },
): void {
  const stream = [...path.slice(0, -1), `${path.at(-1)}:${name}`];
  const flags = O_WRONLY | O_CREAT | O_TRUNC;
  const file = session.call.smbc_open(session.urlOf(stream), flags, 0o644);
  check(session, file, "make the stream");
  try {
    writeRemoteFile(session, file, content);
  } finally {
    session.call.smbc_close(file);
  }
}

const WRITE_BYTES = 8 * 1024 * 1024;

export function writeRemoteFile(
  session: SmbSession,
  file: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at, at + WRITE_BYTES);
    const written = Number(session.call.smbc_write(file, rest, BigInt(rest.length)));
    check(session, written, "write");
    at += written;
  }
}

/** A full disk may be told only here. */
export function closeRemoteFile(session: SmbSession, file: number): void {
  check(session, session.call.smbc_close(file), "write");
}

/** Replaces a file that has the new name. */
export function renameRemote(
  session: SmbSession,
  from: readonly string[],
  to: readonly string[],
): void {
  const result = session.call.smbc_rename(session.urlOf(from), session.urlOf(to));
  check(session, result, "give its name to");
}

export function removeRemoteFile(session: SmbSession, path: readonly string[]): void {
  check(session, session.call.smbc_unlink(session.urlOf(path)), "remove");
}

/** Time of modification, in ns since 1970: servers are told microseconds. */
export function setRemoteTime(session: SmbSession, path: readonly string[], mtime: bigint): void {
  const microseconds = ((mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n / 1000n;
  const seconds = (mtime - ((mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n) /
    1_000_000_000n;
  // Two struct timeval: access and modification.
  const times = new BigInt64Array([seconds, microseconds, seconds, microseconds]);
  const bytes = new Uint8Array(times.buffer);
  check(session, session.call.smbc_utimes(session.urlOf(path), bytes), "set the time of");
}

/** ns: times are set in whole microseconds. */
export const REMOTE_TIME_STEP = 1000n;

/** How libsmbclient reads DOS attributes out of a mode (libsmb_file.c, SMBC_chmod_ctx). */
const IN_MODE = [[0o100, DOS_ARCHIVE], [0o010, DOS_SYSTEM], [0o001, DOS_HIDDEN]] as const;

/** Read-only, hidden, system and archive, and nothing else, as `dos` has them. */
export function setRemoteAttributes(
  session: SmbSession,
  path: readonly string[],
  dos: number,
): void {
  let mode = (dos & DOS_READONLY) === 0 ? 0o644 : 0o444;
  for (const [bit, attribute] of IN_MODE) if ((dos & attribute) !== 0) mode |= bit;
  const result = session.call.smbc_chmod(session.urlOf(path), mode);
  check(session, result, "set the attributes of");
}
