import { type PathText, splitPath } from "../../core/path_text.ts";
import { ACL_DEFAULT, readAttributesAt } from "../../libc/attributes.ts";
import { cName, cPath } from "../../libc/c_string.ts";
import { ENOENT, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { openBeneath } from "../../libc/open_beneath.ts";
import { OPEN_FOLDER } from "../../libc/open_flags.ts";

/** An open folder of the target. */
export interface OpenFolder {
  readonly fd: number;
  /** A default ACL makes new entries inherit what the backup does not have. */
  readonly inheritsAcl: boolean;
}

/** Where an entry goes: its folder, and its name as a C string. */
export interface Place {
  readonly folder: OpenFolder;
  readonly name: Uint8Array<ArrayBuffer>;
}

/** Handles of the folders used last, so that the files of a folder cost one walk to it. */
export interface TargetFolders {
  /** Throws kind "entry" where a component is no folder, or a symlink. "" is the target itself. */
  open(path: PathText): OpenFolder;
  /** The place of an entry. Throws as `open` does. */
  placeOf(path: PathText): Place;
  /** As `placeOf`, but undefined where the folder is not there. */
  placeIfThere(path: PathText): Place | undefined;
  /** Forgets the folder's handle: what it names was changed or removed. */
  forget(path: PathText): void;
  close(): void;
}

const LIMIT = 64;

export function targetFolders(libc: Libc, root: number): TargetFolders {
  const open = new Map<PathText, OpenFolder>();
  const rootFolder = describe(libc, root);

  function openFolder(path: PathText): OpenFolder | number {
    if (path === "") return rootFolder;
    const known = open.get(path);
    if (known !== undefined) {
      open.delete(path);
      open.set(path, known);
      return known;
    }
    const fd = openBeneath(libc, root, cPath(path), OPEN_FOLDER);
    if (fd < 0) return -fd;
    const folder = describe(libc, fd);
    open.set(path, folder);
    if (open.size > LIMIT) forget(open.keys().next().value!);
    return folder;
  }

  function forget(path: PathText): void {
    const folder = open.get(path);
    if (folder === undefined) return;
    libc.call.close(folder.fd);
    open.delete(path);
  }

  function openOrThrow(path: PathText): OpenFolder {
    const folder = openFolder(path);
    if (typeof folder === "number") throw entryError("open the folder", path, folder);
    return folder;
  }

  return {
    open: openOrThrow,
    placeOf(path) {
      const { folder, name } = splitPath(path);
      return { name: cName(name), folder: openOrThrow(folder) };
    },
    placeIfThere(path) {
      const split = splitPath(path);
      const name = cName(split.name);
      const folder = openFolder(split.folder);
      if (folder === ENOENT) return undefined;
      if (typeof folder === "number") throw entryError("open the folder of", path, folder);
      return { name, folder };
    },
    forget,
    close() {
      for (const path of [...open.keys()]) forget(path);
    },
  };
}

function describe(libc: Libc, fd: number): OpenFolder {
  const attributes = readAttributesAt(libc, fd);
  const inheritsAcl = typeof attributes !== "number" &&
    attributes.some(({ name }) => name === ACL_DEFAULT);
  return { fd, inheritsAcl };
}
