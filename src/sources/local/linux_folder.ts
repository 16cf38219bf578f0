import { joinPath, type PathText, textOfBytes } from "../../core/path_text.ts";
import { placeOf, readAttributesAt } from "../../libc/attributes.ts";
import { cName } from "../../libc/c_string.ts";
import { EINVAL, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { nameBuffer, readNames, shrink } from "../../libc/read_names.ts";
import { deviceOf, type StatxBuffer, statxBuffer } from "../../libc/statx.ts";
import type { Attribute, DirectFolder, FolderListing } from "../../ports/source.ts";
import { type FileSystem, identifyFileSystem } from "./file_system_identity.ts";
import type { FolderHandles, FolderNode } from "./folder_handles.ts";
import { packListing } from "./linux_listing.ts";

/** What the folders of one walk share. */
export interface Walk {
  readonly libc: Libc;
  readonly handles: FolderHandles;
  /** By device number, which is stable while the walk lasts. */
  readonly fileSystems: Map<number, FileSystem>;
  /** The name of the only entry where the source is a single file. */
  readonly only: Uint8Array<ArrayBuffer> | undefined;
}

/** A walk is synchronous: one buffer serves all folders. */
const found = nameBuffer();
const entered = statxBuffer();
const target = new Uint8Array(8192);

/** The folder of an open node whose statx is in `stat`. */
export function linuxFolder(walk: Walk, node: FolderNode, stat: StatxBuffer): DirectFolder {
  const { libc, handles } = walk;
  const { identity, racyWindow } = fileSystemOf(walk, node.fd, stat);
  const at = () => handles.handleOf(node);
  return {
    fileSystem: identity,
    racyWindow,
    list: () => listFolder(walk, node),
    enter(name) {
      const path = joinPath(node.path, name);
      return linuxFolder(walk, handles.enter(node, cName(name), path, entered), entered);
    },
    readTarget: (name) => readTargetIn(libc, at(), name),
    readAttributes: (name) => readAttributesIn(libc, at(), name, joinPath(node.path, name)),
    close: () => handles.release(node),
  };
}

function fileSystemOf(walk: Walk, fd: number, stat: StatxBuffer): FileSystem {
  const device = deviceOf(stat.words);
  let known = walk.fileSystems.get(device);
  if (known === undefined) {
    known = identifyFileSystem(walk.libc, fd, device, stat);
    walk.fileSystems.set(device, known);
  }
  return known;
}

function listFolder(walk: Walk, node: FolderNode): FolderListing {
  const { libc, handles, only } = walk;
  const fd = handles.handleOf(node);
  try {
    if (only !== undefined) takeOnly(only);
    else takeAll(libc, fd, node);
    return packListing(libc, fd, node.device, found);
  } finally {
    shrink(found);
  }
}

function takeAll(libc: Libc, fd: number, node: FolderNode): void {
  // A folder listed twice is read from its start: the position belongs to the handle.
  if (node.listed) libc.call.lseek(fd, 0n, 0);
  node.listed = true;
  const errno = readNames(libc, fd, found);
  if (errno !== 0) throw entryError("read the folder", node.path, errno);
}

function takeOnly(only: Uint8Array<ArrayBuffer>): void {
  found.bytes.set(only);
  found.bytes[only.length] = 0;
  found.starts[0] = 0;
  found.starts[1] = only.length + 1;
  found.count = 1;
}

/** readlinkat(2) of `name` in the folder. Throws kind "entry", also where it is no symlink. */
export function readTargetIn(libc: Libc, folder: number, name: PathText): PathText {
  const length = libc.call.readlinkat(folder, cName(name), target, BigInt(target.length));
  if (length >= 0) return textOfBytes(target.subarray(0, length));
  const errno = libc.errno();
  throw entryError(errno === EINVAL ? "read as a symlink" : "read the symlink", name, errno);
}

/** The kept attributes of `name` in the folder; "" is the folder itself. Throws kind "entry". */
export function readAttributesIn(
  libc: Libc,
  folder: number,
  name: PathText,
  shown: PathText,
): Attribute[] {
  const place = name === "" ? folder : (cName(name), placeOf(folder, name));
  const attributes = readAttributesAt(libc, place);
  if (typeof attributes !== "number") return attributes;
  throw entryError("read the attributes of", shown, attributes);
}
