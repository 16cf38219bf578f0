import type { PathText } from "../../core/path_text.ts";
import { cLiteral } from "../../libc/c_string.ts";
import { EINTR, ENOENT, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../libc/open_flags.ts";
import { openOne } from "../../libc/open_beneath.ts";
import type { TargetFile } from "../../ports/restore_target.ts";
import { withDosAttribute } from "./dos_attribute.ts";
import { callsOnHandle, dropInheritedAcl, setMetadata } from "./linux_metadata.ts";
import { giveName } from "./linux_place.ts";
import type { Place } from "./target_folders.ts";
import { dataRuns } from "./zero_runs.ts";

/** What a new file is made from. */
export interface NewFile {
  readonly path: PathText;
  readonly temp: string;
  readonly sparse: boolean;
  /** Where the file goes; asked again at the end, for its folder's handle may have been given up. */
  place(): Place;
  forgetFolder(): void;
}

/** Creates the temporary file and gives the handle to write it. Throws "entry" or "disk-full". */
export function createLinuxFile(libc: Libc, file: NewFile): TargetFile {
  const { path, sparse } = file;
  const temp = cLiteral(file.temp);
  const create = () =>
    openOne(libc, file.place().folder.fd, temp, O_CREAT | O_EXCL | O_WRONLY, 0o600);
  let fd = create();
  if (fd === -ENOENT) {
    // The handle is of a folder that was removed; another may be there under its name by now.
    file.forgetFolder();
    fd = create();
  }
  if (fd < 0) throw entryError("create", path, -fd);
  let position = 0;
  let end = 0;
  let open = true;

  function writeRun(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const rest = bytes.subarray(from) as Uint8Array<ArrayBuffer>;
      const at = BigInt(position + from);
      const written = libc.call.pwrite(fd, rest, BigInt(rest.length), at);
      if (written >= 0n) {
        from += Number(written);
        continue;
      }
      const errno = libc.errno();
      if (errno !== EINTR) throw entryError("write", path, errno);
    }
    position += bytes.length;
    end = position;
  }

  function writeSparse(bytes: Uint8Array): void {
    const start = position;
    for (const run of dataRuns(bytes, start)) {
      position = start + run.start;
      writeRun(bytes.subarray(run.start, run.end));
    }
    position = start + bytes.length;
  }

  function close(): void {
    if (!open) return;
    open = false;
    // NFS and quotas tell only here that the data found no place.
    if (libc.call.close(fd) < 0) {
      const errno = libc.errno();
      if (errno !== EINTR) throw entryError("write", path, errno);
    }
  }

  function discard(): void {
    if (open) libc.call.close(fd);
    open = false;
    try {
      libc.call.unlinkat(file.place().folder.fd, temp, 0);
    } catch {
      // The folder is gone or was replaced: what made the restore give up is the error to tell.
    }
  }

  return {
    write: (bytes) => sparse ? writeSparse(bytes) : writeRun(bytes),
    finish(stat, attributes, options) {
      try {
        if (position > end && libc.call.ftruncate(fd, BigInt(position)) < 0) {
          throw entryError("write", path, libc.errno());
        }
        const { folder, name } = file.place();
        const problems: string[] = [];
        if (folder.inheritsAcl) dropInheritedAcl(libc, fd, problems);
        const all = withDosAttribute(stat, attributes);
        problems.push(...setMetadata(libc, callsOnHandle(libc, fd), stat, all));
        close();
        giveName(libc, folder.fd, temp, name, path, options.replace);
        return problems;
      } catch (error) {
        discard();
        throw error;
      }
    },
    discard,
  };
}
