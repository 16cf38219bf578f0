import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import { unpackStat } from "../../core/stat_record.ts";
import { cPath, cString } from "../../libc/c_string.ts";
import { ENOENT, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { openRegularFile } from "../../libc/open_file.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "../../libc/open_flags.ts";
import { recordOf, statName, statxBuffer, typeCodeOf } from "../../libc/statx.ts";
import type { RestoreTarget } from "../../ports/restore_target.ts";
import { finishLinuxFolder, makeLinuxFolder, sweepLinuxFolder } from "./linux_folder_target.ts";
import { makeLinuxSpecial, makeLinuxSymlink } from "./linux_special.ts";
import { createLinuxFile } from "./linux_target_file.ts";
import { chunksOf } from "./read_chunks.ts";
import { targetFolders } from "./target_folders.ts";
import { tempName } from "../../core/temp_name.ts";

const stat = statxBuffer();

/**
 * A folder to restore into, by Linux's own calls: every component is opened below the target's
 * handle following no symlink, and metadata is set by handle. `dir` has to be there.
 */
export function linuxTarget(
  libc: Libc,
  dir: PathText,
  random: (n: number) => Uint8Array,
): RestoreTarget {
  const root = libc.call.openat(AT_FDCWD, cString(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0) throw entryError("open the target", dir, libc.errno());
  const folders = targetFolders(libc, root);
  const folderOf = (path: PathText) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

  return {
    limits: [],
    lookAt(path) {
      const place = folders.placeIfThere(path);
      if (place === undefined) return undefined;
      if (!statName(libc, place.folder.fd, place.name, stat)) {
        const errno = libc.errno();
        if (errno === ENOENT) return undefined;
        throw entryError("look at", path, errno);
      }
      if (typeCodeOf(stat.words) === 0) throw socketInTheWay(path);
      return unpackStat(recordOf(stat.words));
    },
    makeFolder: (path) => makeLinuxFolder(libc, folders.placeOf(path), path),
    createFile: (path, options = {}) =>
      createLinuxFile(libc, {
        path,
        temp: tempName(random),
        sparse: options.sparse ?? false,
        place: () => folders.placeOf(path),
        forgetFolder: () => folders.forget(folderOf(path)),
      }),
    makeSymlink: (path, target, wanted, attributes) =>
      makeLinuxSymlink(libc, folders.placeOf(path), path, target, wanted, attributes),
    makeSpecial: (path, wanted, attributes) =>
      makeLinuxSpecial(libc, folders.placeOf(path), path, wanted, attributes),
    makeLink(path, existing) {
      const to = folders.placeOf(path);
      const from = folders.placeOf(existing);
      if (libc.call.linkat(from.folder.fd, from.name, to.folder.fd, to.name, 0) === 0) return;
      throw entryError("make the hard link", path, libc.errno());
    },
    remove(path) {
      const { folder, name } = folders.placeOf(path);
      if (libc.call.unlinkat(folder.fd, name, 0) === 0) return;
      const errno = libc.errno();
      if (errno !== ENOENT) throw entryError("remove", path, errno);
    },
    finishFolder: (path, wanted, attributes) =>
      finishLinuxFolder(libc, folders.open(path).fd, wanted, attributes),
    readFile: (path) => chunksOf(() => openRegularFile(libc, root, cPath(path), path)),
    sweep: (folder) => sweepLinuxFolder(libc, folders, folder),
    flush() {
      // One flush for all: an fsync for each small file would make a restore many times slower.
      if (libc.call.syncfs(root) < 0) throw entryError("flush the target", dir, libc.errno());
    },
    close() {
      folders.close();
      libc.call.close(root);
    },
  };
}

function socketInTheWay(path: PathText): HoldfastError {
  return new HoldfastError("entry", `a socket is in the way: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "stop the program that made it, remove it and run again",
  });
}
