import { basename, join, relative, sep } from "node:path";
import type { PackFiles } from "../app/decrypt_prepare.ts";
import type { IndexFile } from "../app/decrypt_survey_state.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import type { PackFile, PackHandle } from "../ports/pack_file.ts";

/** A pack's name, or that of its index; those of one that was named alone may be any. */
const PACK = /^([0-9a-f]{32})\.tar\.zst(\.age)?$/;
const INDEX = /^([0-9a-f]{32})\.idx\.zst(\.age)?$/;
const NAMED = /\.tar\.zst(\.age)?$/;

/**
 * The packs and pack indexes in these folders and below them, and the packs that are named themselves;
 * paths are absolute. Throws kind "usage" where there is no pack.
 */
export function findLocalPacks(paths: readonly string[]): PackFiles {
  const packs: PackFile[] = [];
  const indexes: IndexFile[] = [];
  for (const path of paths) {
    const info = infoOf(path);
    if (!info.isDirectory) {
      packs.push(namedPack(path, info));
      continue;
    }
    for (const file of filesBelow(path)) {
      const name = relative(path, file).split(sep).join("/");
      const [pack, index] = [PACK.exec(basename(file)), INDEX.exec(basename(file))];
      if (pack !== null) packs.push(localFile(file, name, pack));
      if (index !== null) indexes.push({ ...localFile(file, name, index), pack: index[1] });
    }
  }
  if (packs.length > 0) return { packs, indexes };
  throw new HoldfastError("usage", `there is no pack in ${paths.join(", ")}`, {
    hint:
      "packs are called by 32 hex digits and .tar.zst or .tar.zst.age, as they are under packs/",
  });
}

function namedPack(path: string, info: Deno.FileInfo): PackFile {
  const name = basename(path);
  const found = NAMED.exec(name);
  if (!info.isFile || found === null) {
    throw new HoldfastError("usage", `${path} is no pack`, {
      hint: "name a folder with packs, or files that end in .tar.zst or .tar.zst.age",
    });
  }
  return localFile(path, name, ["", PACK.exec(name)?.[1], found[1]]);
}

function* filesBelow(folder: string): Generator<string> {
  const entries = [...readFolder(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    const path = join(folder, name);
    if (isDirectory) yield* filesBelow(path);
    else if (isFile || (isSymlink && isFileBehind(path))) yield path;
  }
}

function readFolder(folder: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (cause) {
    throw new HoldfastError("failed", `cannot read the folder ${folder}: ${messageOf(cause)}`, {
      context: { folder },
      cause,
    });
  }
}

function isFileBehind(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function infoOf(path: string): Deno.FileInfo {
  try {
    return Deno.statSync(path);
  } catch (cause) {
    throw new HoldfastError("usage", `cannot look at ${path}: ${messageOf(cause)}`, {
      hint: "name a folder with packs, or a pack",
      cause,
    });
  }
}

function localFile(
  path: string,
  name: string,
  [, pack, suffix]: readonly (string | undefined)[],
): PackFile {
  const { size, mtime } = infoOf(path);
  return {
    ...{ name, pack, isEncrypted: suffix !== undefined, size, modified: mtime?.getTime() ?? 0 },
    open: () => openHandle(path),
  };
}

function openHandle(path: string): PackHandle {
  const file = fromDisk(() => Deno.openSync(path));
  return {
    read: (at, into) =>
      fromDisk(() => {
        file.seekSync(at, Deno.SeekMode.Start);
        let filled = 0;
        while (filled < into.length) {
          const read = file.readSync(into.subarray(filled));
          if (read === null) break;
          filled += read;
        }
        return filled;
      }),
    close: () => file.close(),
  };
}

function fromDisk<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new HoldfastError("damage", `the disk does not give it: ${messageOf(cause)}`, { cause });
  }
}
