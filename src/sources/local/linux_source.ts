import { HoldfastError } from "../../core/error.ts";
import { bytesOfText, displayPath, type PathText } from "../../core/path_text.ts";
import { FOLDER_CODE } from "../../core/stat_record.ts";
import { cPath, cString } from "../../libc/c_string.ts";
import { ENOENT, ENOTDIR, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import {
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  OPEN_HANDLE,
} from "../../libc/open_flags.ts";
import { openBeneath } from "../../libc/open_beneath.ts";
import { openRegularFile } from "../../libc/open_file.ts";
import { recordOf, statHandle, STATX_MASK, statxBuffer, typeCodeOf } from "../../libc/statx.ts";
import type { DirectRoot, DirectSource } from "../../ports/source.ts";
import { folderHandles, nodeOf } from "./folder_handles.ts";
import { linuxFolder, readAttributesIn, readTargetIn, type Walk } from "./linux_folder.ts";

/**
 * A local folder by Linux's own calls: names as bytes, times in ns, everything relative to open
 * folders. A path that is a symlink to a folder is followed; a symlink to anything else is a single
 * entry, the symlink that it is.
 */
export function linuxSource(libc: Libc, path: PathText): DirectSource {
  return { fidelity: "full", open: () => openRoot(libc, path) };
}

function openRoot(libc: Libc, path: PathText): DirectRoot {
  const { folder, only } = placeOfSource(libc, path);
  const fd = libc.call.openat(AT_FDCWD, cString(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) throw sourceError(path, libc.errno());
  const stat = statxBuffer();
  if (!statHandle(libc, fd, stat)) {
    const errno = libc.errno();
    libc.call.close(fd);
    throw sourceError(path, errno);
  }
  const handles = folderHandles(libc);
  const walk: Walk = { libc, handles, fileSystems: new Map(), only };
  const root = nodeOf(undefined, cString(""), "", fd, stat);
  return {
    single: only !== undefined,
    stat: recordOf(stat.words),
    folder: linuxFolder(walk, root, stat),
    openFile: (below) => openRegularFile(libc, fd, cPath(below), below),
    readTarget: (below) => inParent(libc, fd, below, (at, name) => readTargetIn(libc, at, name)),
    readAttributes: (below) =>
      inParent(libc, fd, below, (at, name) => readAttributesIn(libc, at, name, below)),
    statAt: (below) => statBeneath(libc, fd, below),
    close() {
      handles.close();
      if (root.fd >= 0) libc.call.close(root.fd);
      root.fd = -1;
    },
  };
}

/** The folder to open, and the name of the only entry where the source is no folder. */
function placeOfSource(
  libc: Libc,
  path: PathText,
): { folder: PathText; only: Uint8Array<ArrayBuffer> | undefined } {
  const stat = statxBuffer();
  const flags = AT_NO_AUTOMOUNT;
  const followed = libc.call.statx(AT_FDCWD, cString(path), flags, STATX_MASK, stat.bytes) === 0;
  if (followed && typeCodeOf(stat.words) === FOLDER_CODE) return { folder: path, only: undefined };
  const there = libc.call.openat(AT_FDCWD, cString(path), OPEN_HANDLE, 0);
  if (there < 0) throw sourceError(path, libc.errno());
  libc.call.close(there);
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
  return { folder, only: bytesOfText(path.slice(slash + 1)) };
}

function sourceError(path: PathText, errno: number): HoldfastError {
  if (errno !== ENOENT && errno !== ENOTDIR) return entryError("open the source", path, errno);
  return new HoldfastError("gone", `the source is not there: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "mount it or correct the path in the config; nothing was taken for deleted",
  });
}

function statBeneath(libc: Libc, root: number, path: PathText): Uint8Array | undefined {
  const handle = openBeneath(libc, root, cPath(path), O_PATH);
  if (handle < 0) return undefined;
  const stat = statxBuffer();
  const found = statHandle(libc, handle, stat);
  libc.call.close(handle);
  return found ? recordOf(stat.words) : undefined;
}

/** Calls `use` with a handle of the folder that holds the path, and the entry's name in it. */
function inParent<T>(
  libc: Libc,
  root: number,
  path: PathText,
  use: (folder: number, name: PathText) => T,
): T {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return use(root, path);
  const folder = openBeneath(libc, root, cPath(path.slice(0, slash)), O_PATH | O_DIRECTORY);
  if (folder < 0) throw entryError("open the folder of", path, -folder);
  try {
    return use(folder, path.slice(slash + 1));
  } finally {
    libc.call.close(folder);
  }
}
