import { bytesOfText } from "../core/path_text.ts";
import { callFailed } from "./call_failure.ts";
import type { SmbSession } from "./client_session.ts";
import { columnWriter } from "./entry_columns.ts";
import { FILE_INFO_BYTES, NAME_AT, recordOfInfo, STAT_BYTES } from "./entry_record.ts";

/** Entries that are handed over at once. */
const CHUNK = 2048;

const stat = new Uint8Array(STAT_BYTES);
const statView = new DataView(stat.buffer);
const info = new Uint8Array(FILE_INFO_BYTES);
const infoView = new DataView(info.buffer);

/**
 * Reads a folder, which may also be a whole share, to its end and hands its entries over as
 * entry_columns.ts packs them, "." and ".." left out. Returns the folder's own record where the server
 * told it ("."). Throws a call failure: what was handed over by then is no listing.
 */
export function readFolder(
  session: SmbSession,
  path: readonly string[],
  hand: (columns: Uint8Array) => void,
): Uint8Array | undefined {
  const { call } = session;
  const handle = call.smbc_opendir(session.urlOf(path));
  if (handle < 0) throw callFailed("read the folder", session.errno());
  try {
    return readEntries(session, handle, hand);
  } finally {
    call.smbc_closedir(handle);
  }
}

function readEntries(
  session: SmbSession,
  handle: number,
  hand: (columns: Uint8Array) => void,
): Uint8Array | undefined {
  const columns = columnWriter();
  let own: Uint8Array | undefined;
  for (;;) {
    // NULL is the end, and an error: errno alone tells which.
    session.clearErrno();
    const found = session.call.smbc_readdirplus2(handle, stat);
    if (found === null) {
      const errno = session.errno();
      if (errno !== 0) throw callFailed("read the folder", errno);
      if (columns.count > 0) hand(columns.take());
      return own;
    }
    new Deno.UnsafePointerView(found).copyInto(info);
    const name = nameAt(infoView.getBigUint64(NAME_AT, true));
    const record = recordOfInfo(infoView, statView);
    if (name === ".") own = record;
    else if (name !== "..") columns.add(bytesOfText(name), record);
    if (columns.count >= CHUNK) hand(columns.take());
  }
}

/** libsmbclient makes UTF-8 of the server's UTF-16: there are no other bytes. */
function nameAt(address: bigint): string {
  return Deno.UnsafePointerView.getCString(Deno.UnsafePointer.create(address)!);
}
