import { FILE_CODE } from "../core/stat_record.ts";
import { HoldfastError } from "../core/error.ts";
import { displayPath, type PathText } from "../core/path_text.ts";
import { EINTR, entryError, EPERM } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { O_NOATIME, O_NONBLOCK, O_RDONLY } from "./open_flags.ts";
import { openBeneath } from "./open_beneath.ts";
import { recordOf, statHandle, statxBuffer, typeCodeOf } from "./statx.ts";

/** An open regular file, as ports/source.ts has it. */
export interface OpenFile {
  stat(): Uint8Array<ArrayBuffer>;
  read(buffer: Uint8Array): number | Promise<number>;
  close(): void;
}

/** From this size on a read goes to a thread, so that a slow disk does not hold up the uploads. */
export const ASYNC_READ_BYTES = 1024 * 1024;

const shared = statxBuffer();

/**
 * Opens the regular file at the path (a C string) below the folder for reading: O_NONBLOCK, so that
 * a FIFO put in its place meanwhile does not hang; O_NOATIME where permitted. Throws kind "entry".
 */
export function openRegularFile(
  libc: Libc,
  folder: number,
  path: Uint8Array<ArrayBuffer>,
  shown: PathText,
): OpenFile {
  const flags = O_RDONLY | O_NONBLOCK;
  let fd = openBeneath(libc, folder, path, flags | O_NOATIME);
  // Only the owner may read without leaving a trace.
  if (fd === -EPERM) fd = openBeneath(libc, folder, path, flags);
  if (fd < 0) throw entryError("open", shown, -fd);
  if (!statHandle(libc, fd, shared)) {
    const errno = libc.errno();
    libc.call.close(fd);
    throw entryError("look at", shown, errno);
  }
  if (typeCodeOf(shared.words) !== FILE_CODE) {
    libc.call.close(fd);
    throw new HoldfastError("entry", `not a regular file any more: ${displayPath(shown)}`, {
      context: { path: displayPath(shown) },
      hint: "it was replaced while the source was read: run again",
    });
  }
  return openFileOf(libc, fd, shown);
}

function openFileOf(libc: Libc, fd: number, shown: PathText): OpenFile {
  let position = 0;
  let pending: Promise<number> | undefined;
  let closed = false;

  function readNow(buffer: Uint8Array): number {
    const wanted = buffer as Uint8Array<ArrayBuffer>;
    for (;;) {
      const got = libc.call.pread(fd, wanted, BigInt(wanted.length), BigInt(position));
      if (got >= 0n) return Number(got);
      const errno = libc.errno();
      if (errno !== EINTR) throw entryError("read", shown, errno);
    }
  }

  function readSync(buffer: Uint8Array): number {
    let filled = 0;
    while (filled < buffer.length) {
      const got = readNow(filled === 0 ? buffer : buffer.subarray(filled));
      if (got === 0) break;
      filled += got;
      position += got;
    }
    return filled;
  }

  async function readAsync(buffer: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const rest = buffer.subarray(filled) as Uint8Array<ArrayBuffer>;
      const answer = await libc.call.preadAsync(fd, rest, BigInt(rest.length), BigInt(position));
      // errno belongs to the thread that failed: the same read is made again on this one.
      const got = answer < 0n ? readNow(rest) : Number(answer);
      if (got === 0) break;
      filled += got;
      position += got;
    }
    return filled;
  }

  return {
    stat() {
      if (!statHandle(libc, fd, shared)) throw entryError("look at", shown, libc.errno());
      return recordOf(shared.words);
    },
    read(buffer) {
      if (buffer.length < ASYNC_READ_BYTES) return readSync(buffer);
      pending = readAsync(buffer);
      return pending;
    },
    close() {
      if (closed) return;
      closed = true;
      // A read in another thread would go on with a number that another file has by then.
      const release = () => void libc.call.close(fd);
      if (pending === undefined) release();
      else pending.then(release, release);
    },
  };
}
