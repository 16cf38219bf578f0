import { EMFILE, ENFILE, entryError, EPERM, errnoText } from "../../libc/errno.ts";
import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import type { Libc } from "../../libc/libc.ts";
import { O_NOATIME, OPEN_FOLDER } from "../../libc/open_flags.ts";
import { openOne } from "../../libc/open_beneath.ts";
import { deviceOf, INO, statHandle, type StatxBuffer, statxBuffer } from "../../libc/statx.ts";

/** A folder that was entered. Its handle may have been given up; it is opened again when needed. */
export interface FolderNode {
  readonly parent: FolderNode | undefined;
  /** The name in the parent as a C string. */
  readonly name: Uint8Array<ArrayBuffer>;
  readonly path: PathText;
  fd: number;
  /** True where the handle was read to its end before. */
  listed: boolean;
  readonly device: number;
  readonly inodeLow: number;
  readonly inodeHigh: number;
}

/**
 * The open handles of a walk, at most `LIMIT` beside the root's. The longest open are given up
 * first: in a walk into the depth these are the folders at the top, needed again last. What was
 * given up is reached again name by name from the nearest open folder above, so no path is ever
 * handed to the kernel and no tree is too deep.
 */
export interface FolderHandles {
  /** Opens the subfolder. `stat` holds its statx afterwards. Throws kind "entry". */
  enter(
    parent: FolderNode,
    name: Uint8Array<ArrayBuffer>,
    path: PathText,
    stat: StatxBuffer,
  ): FolderNode;
  /** The handle of the folder. Throws kind "entry" where it is not the same folder any more. */
  handleOf(node: FolderNode): number;
  release(node: FolderNode): void;
  close(): void;
}

const LIMIT = 256;

export function folderHandles(libc: Libc): FolderHandles {
  const open = new Set<FolderNode>();
  const check = statxBuffer();
  let quiet = O_NOATIME;

  function giveUp(keep: number): void {
    for (const node of open) {
      if (open.size <= keep) return;
      release(node);
    }
  }

  function release(node: FolderNode): void {
    if (node.fd < 0 || node.parent === undefined) return;
    libc.call.close(node.fd);
    node.fd = -1;
    open.delete(node);
  }

  function openIn(folder: number, name: Uint8Array<ArrayBuffer>): number {
    let fd = openOne(libc, folder, name, OPEN_FOLDER | quiet);
    if (fd === -EPERM && quiet !== 0) {
      // Folders of other owners: asking each twice would cost more than the access times are worth.
      quiet = 0;
      fd = openOne(libc, folder, name, OPEN_FOLDER);
    }
    return fd;
  }

  function openOrMakeRoom(
    parent: FolderNode,
    name: Uint8Array<ArrayBuffer>,
    path: PathText,
  ): number {
    let fd = openIn(handleOf(parent), name);
    if (fd === -EMFILE || fd === -ENFILE) {
      // The newest is the parent, in a walk: without it nothing below could be reached again.
      giveUp(1);
      fd = openIn(handleOf(parent), name);
    }
    if (fd < 0) throw entryError("open the folder", path, -fd);
    return fd;
  }

  function keep(node: FolderNode): void {
    open.add(node);
    if (open.size > LIMIT) giveUp(LIMIT);
  }

  function handleOf(node: FolderNode): number {
    if (node.fd >= 0) return node.fd;
    const way: FolderNode[] = [];
    for (let at = node; at.fd < 0; at = at.parent!) way.push(at);
    for (let i = way.length - 1; i >= 0; i--) reopen(way[i]);
    return node.fd;
  }

  function reopen(node: FolderNode): void {
    const fd = openOrMakeRoom(node.parent!, node.name, node.path);
    const same = statHandle(libc, fd, check) && deviceOf(check.words) === node.device &&
      check.words[INO] === node.inodeLow && check.words[INO + 1] === node.inodeHigh;
    if (!same) {
      libc.call.close(fd);
      throw new HoldfastError("entry", `the folder was replaced: ${displayPath(node.path)}`, {
        context: { path: displayPath(node.path) },
        hint: "it changed while it was read: run again",
      });
    }
    node.fd = fd;
    node.listed = false;
    keep(node);
  }

  return {
    enter(parent, name, path, stat) {
      const fd = openOrMakeRoom(parent, name, path);
      if (!statHandle(libc, fd, stat)) {
        const errno = libc.errno();
        libc.call.close(fd);
        throw new HoldfastError("entry", `cannot look at the folder: ${errnoText(errno)}`, {
          context: { path: displayPath(path) },
          hint: "run again",
        });
      }
      const node = nodeOf(parent, name, path, fd, stat);
      keep(node);
      return node;
    },
    handleOf,
    release,
    close: () => giveUp(0),
  };
}

/** The node of an open folder whose statx is in `stat`. */
export function nodeOf(
  parent: FolderNode | undefined,
  name: Uint8Array<ArrayBuffer>,
  path: PathText,
  fd: number,
  stat: StatxBuffer,
): FolderNode {
  return {
    parent,
    name,
    path,
    fd,
    listed: false,
    device: deviceOf(stat.words),
    inodeLow: stat.words[INO],
    inodeHigh: stat.words[INO + 1],
  };
}
