import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import { packStat } from "../../core/stat_record.ts";
import { statOfInfo } from "../../libc/deno_stat.ts";
import type { DirectFile } from "../../ports/source.ts";
import { infoAt, pathBelow, portableError, refuseSymlinkOnWay } from "./portable_call.ts";

/** From this size on a read is asynchronous, so that a slow disk does not hold up the uploads. */
const ASYNC_READ_BYTES = 1024 * 1024;

/** Opens the regular file at `path` below the base for reading. Throws kind "entry". */
export function openPortableFile(base: string, path: PathText): DirectFile {
  refuseSymlinkOnWay(base, path);
  const seen = infoAt(base, path);
  if (!seen.isFile) throw notAFile(path);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(pathBelow(base, path), { read: true });
  } catch (error) {
    throw portableError("open", path, error);
  }
  const opened = file.statSync();
  if (!opened.isFile || opened.ino !== seen.ino || opened.dev !== seen.dev) {
    file.close();
    throw notAFile(path);
  }
  return fileOf(file, path);
}

function notAFile(path: PathText): HoldfastError {
  return new HoldfastError("entry", `not the regular file any more: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "it was replaced while the source was read: run again",
  });
}

function fileOf(file: Deno.FsFile, path: PathText): DirectFile {
  let pending: Promise<number> | undefined;
  let closed = false;

  async function readAsync(buffer: Uint8Array): Promise<number> {
    try {
      let filled = 0;
      while (filled < buffer.length) {
        const got = await file.read(buffer.subarray(filled));
        if (got === null) break;
        filled += got;
      }
      return filled;
    } catch (error) {
      throw portableError("read", path, error);
    }
  }

  function readSync(buffer: Uint8Array): number {
    try {
      let filled = 0;
      while (filled < buffer.length) {
        const got = file.readSync(buffer.subarray(filled));
        if (got === null) break;
        filled += got;
      }
      return filled;
    } catch (error) {
      throw portableError("read", path, error);
    }
  }

  return {
    stat() {
      try {
        return packStat(statOfInfo(file.statSync())!);
      } catch (error) {
        throw portableError("look at", path, error);
      }
    },
    read(buffer) {
      if (buffer.length < ASYNC_READ_BYTES) return readSync(buffer);
      pending = readAsync(buffer);
      return pending;
    },
    close() {
      if (closed) return;
      closed = true;
      const release = () => file.close();
      if (pending === undefined) release();
      else pending.then(release, release);
    },
  };
}
