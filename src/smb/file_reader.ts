import { callFailed } from "./call_failure.ts";
import type { SmbSession } from "./client_session.ts";
import { recordOfStat, STAT_BYTES } from "./entry_record.ts";
import type { ByteRange } from "./frame.ts";

/** Bytes asked for at once: more gets no faster, less waits for each round trip. */
export const READ_BYTES = 8 * 1024 * 1024;

const stat = new Uint8Array(STAT_BYTES);
const statView = new DataView(stat.buffer);

/** The record of what is at the path. Throws a call failure. */
export function lookAt(session: SmbSession, path: readonly string[]): Uint8Array {
  if (session.call.smbc_stat(session.urlOf(path), stat) < 0) {
    throw callFailed("look at", session.errno());
  }
  return recordOfStat(statView);
}

export interface ReadRange {
  /** Valid until the next read. */
  readonly content: Uint8Array;
  readonly record: Uint8Array;
}

/**
 * A range of a file, and its record from after the read. It is opened and closed each time: nothing is
 * held while the parent waits for something else, and any child may read the next range. Throws a call
 * failure.
 */
export function readRange(
  session: SmbSession,
  path: readonly string[],
  { offset, length }: ByteRange,
): ReadRange {
  const { call } = session;
  const file = call.smbc_open(session.urlOf(path), 0, 0);
  if (file < 0) throw callFailed("open", session.errno());
  try {
    if (offset > 0 && call.smbc_lseek(file, BigInt(offset), SEEK_SET) < 0n) {
      throw callFailed("read", session.errno());
    }
    const content = fill(session, file, bufferOf(length));
    if (call.smbc_fstat(file, stat) < 0) throw callFailed("look at", session.errno());
    return { content, record: recordOfStat(statView) };
  } finally {
    call.smbc_close(file);
  }
}

const SEEK_SET = 0;

/**
 * Fills the buffer; fewer bytes at the file's end. Asking for no more than there is saves the round
 * trip that would only find the end.
 */
function fill(session: SmbSession, file: number, buffer: Uint8Array<ArrayBuffer>): Uint8Array {
  let filled = 0;
  while (filled < buffer.length) {
    const rest = buffer.subarray(filled);
    const got = Number(session.call.smbc_read(file, rest, BigInt(rest.length)));
    if (got < 0) throw callFailed("read", session.errno());
    if (got === 0) break;
    filled += got;
  }
  return buffer.subarray(0, filled);
}

let buffer = new Uint8Array(64 * 1024);

function bufferOf(length: number): Uint8Array<ArrayBuffer> {
  if (buffer.length < length) {
    buffer = new Uint8Array(Math.max(length, Math.min(length * 2, READ_BYTES)));
  }
  return buffer.subarray(0, length);
}
