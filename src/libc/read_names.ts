import { EINTR } from "./errno.ts";
import type { Libc } from "./libc.ts";

/** Names of a folder as read, each closed by a NUL, in buffers that are used again. */
export interface NameBuffer {
  /** Name i starts at `starts[i]` and ends at the NUL before `starts[i + 1]`. */
  bytes: Uint8Array<ArrayBuffer>;
  starts: Uint32Array<ArrayBuffer>;
  count: number;
}

const DT_SOCK = 12;
const DOT = 0x2e;
/** One call reads a few hundred names; larger ones do not get faster. */
const dirents = new Uint8Array(64 * 1024);
const direntBytes = BigInt(dirents.length);
const KEEP_BYTES = 1024 * 1024;

export function nameBuffer(): NameBuffer {
  return { bytes: new Uint8Array(64 * 1024), starts: new Uint32Array(4096), count: 0 };
}

/** Gives back what one huge folder has made grow. */
export function shrink(names: NameBuffer): void {
  if (names.bytes.length > KEEP_BYTES || names.starts.length > KEEP_BYTES / 4) {
    Object.assign(names, nameBuffer());
  }
}

/**
 * Reads all names of the open folder with getdents64(2), but ".", ".." and sockets (where the file
 * system tells the type). Returns 0, or errno.
 */
export function readNames(libc: Libc, fd: number, names: NameBuffer): number {
  const handle = BigInt(fd);
  names.count = 0;
  names.starts[0] = 0;
  for (;;) {
    const length = libc.call.getdents64(libc.getdents64, handle, dirents, direntBytes);
    if (length === 0) return 0;
    if (length < 0) {
      const errno = libc.errno();
      if (errno === EINTR) continue;
      return errno;
    }
    makeRoom(names, length);
    takeNames(names, length);
  }
}

/** Detaching the old buffer frees it at once, so that a folder of a million names stays small. */
function makeRoom(names: NameBuffer, length: number): void {
  const used = names.starts[names.count];
  if (used + length > names.bytes.length) {
    const size = Math.max(used + length, Math.floor(names.bytes.length * 1.5));
    names.bytes = new Uint8Array(names.bytes.buffer.transfer(size));
  }
  // A dirent takes at least 24 bytes.
  const most = names.count + Math.ceil(length / 24) + 1;
  if (most > names.starts.length) {
    const size = Math.max(most, Math.floor(names.starts.length * 1.5));
    names.starts = new Uint32Array(names.starts.buffer.transfer(size * 4));
  }
}

/** struct linux_dirent64: 16 record length u16 · 18 type u8 · 19 name, NUL. */
function takeNames(names: NameBuffer, length: number): void {
  const { bytes, starts } = names;
  let count = names.count;
  let to = starts[count];
  for (let at = 0; at < length; at += dirents[at + 16] | (dirents[at + 17] << 8)) {
    if (dirents[at + 18] === DT_SOCK || isDots(at + 19)) continue;
    let byte: number;
    let from = at + 19;
    do {
      byte = dirents[from++];
      bytes[to++] = byte;
    } while (byte !== 0);
    starts[++count] = to;
  }
  names.count = count;
}

function isDots(at: number): boolean {
  if (dirents[at] !== DOT) return false;
  return dirents[at + 1] === 0 || (dirents[at + 1] === DOT && dirents[at + 2] === 0);
}
