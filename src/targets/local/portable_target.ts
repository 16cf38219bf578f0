import { statOfInfo } from "../../libc/deno_stat.ts";
import type { EntryStat } from "../../core/stat_record.ts";
import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import type { RestoreTarget } from "../../ports/restore_target.ts";
import { targetError, targetPaths } from "./portable_paths.ts";
import { setPortableMetadata, setPortableSymlinkMetadata } from "./portable_metadata.ts";
import { createPortableFile } from "./portable_target_file.ts";
import { chunksOf } from "./read_chunks.ts";
import { isTempName, tempName } from "../../core/temp_name.ts";

const limits: readonly string[] = [
  "times are kept to the millisecond",
  "extended attributes and ACLs are not restored",
  "owners of symlinks are not restored",
  "devices and FIFOs are not restored",
  "names that are not UTF-8 are not restored",
  "a symlink put into the target while the restore runs may be followed",
  ...(Deno.build.os === "windows" ? ["owners and permission bits are not restored"] : []),
];

/** A folder to restore into, by Deno's own calls: for macOS, Windows and Linux without glibc. */
export function portableTarget(dir: string, random: (n: number) => Uint8Array): RestoreTarget {
  const paths = targetPaths(Deno.realPathSync(dir));
  return {
    limits,
    lookAt: (path) => lookAt(paths.of(path), path),
    makeFolder(path) {
      const place = paths.of(path);
      const there = lookAt(place, path);
      if (there?.type === "folder") return;
      act("make the folder", path, () => Deno.mkdirSync(place, { mode: 0o700 }));
    },
    createFile: (path, options = {}) =>
      createPortableFile(paths, path, tempName(random), options.sparse ?? false),
    makeSymlink(path, target, wanted, attributes) {
      const place = paths.of(path);
      act("make the symlink", path, () => Deno.symlinkSync(paths.text(target), place));
      const problems = setPortableSymlinkMetadata(place, wanted);
      for (const { name } of attributes) problems.push(`attribute ${name}: not kept here`);
      return problems;
    },
    makeSpecial(path, wanted) {
      throw new HoldfastError("entry", `cannot make the ${wanted.type} ${displayPath(path)}`, {
        context: { path: displayPath(path) },
        hint: "restore devices and FIFOs on Linux",
      });
    },
    makeLink(path, existing) {
      const from = paths.of(existing);
      act("make the hard link", path, () => Deno.linkSync(from, paths.of(path)));
    },
    remove(path) {
      const place = paths.of(path);
      if (lookAt(place, path)?.type === "folder") throw folderInTheWay(path);
      try {
        Deno.removeSync(place);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw targetError("remove", path, error);
      }
    },
    finishFolder: (path, wanted, attributes) =>
      setPortableMetadata(path === "" ? paths.root : paths.of(path), wanted, attributes),
    readFile: (path) => chunksOf(() => readable(paths.of(path), path)),
    sweep(folder) {
      const place = folder === "" ? paths.root : paths.of(folder);
      act("sweep", folder, () => {
        for (const entry of Deno.readDirSync(place)) {
          if (isTempName(entry.name) && !entry.isDirectory) {
            Deno.removeSync(`${place}/${entry.name}`);
          }
        }
      });
    },
    flush() {},
    close() {},
  };
}

function act(what: string, path: PathText, call: () => void): void {
  try {
    call();
  } catch (error) {
    throw targetError(what, path, error);
  }
}

function lookAt(place: string, path: PathText): EntryStat | undefined {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw targetError("look at", path, error);
  }
  const stat = statOfInfo(info);
  if (stat !== undefined) return stat;
  throw new HoldfastError("entry", `a socket is in the way: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "stop the program that made it, remove it and run again",
  });
}

function folderInTheWay(path: PathText): HoldfastError {
  return new HoldfastError("entry", `a folder is in the way: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "move it away and run again",
  });
}

function readable(place: string, path: PathText) {
  if (lookAt(place, path)?.type !== "file") {
    throw new HoldfastError("entry", `not a regular file: ${displayPath(path)}`, {
      context: { path: displayPath(path) },
      hint: "look who changed it, then run again",
    });
  }
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(place, { read: true });
  } catch (error) {
    throw targetError("open", path, error);
  }
  return {
    async read(buffer: Uint8Array): Promise<number> {
      let filled = 0;
      while (filled < buffer.length) {
        const got = await file.read(buffer.subarray(filled));
        if (got === null) break;
        filled += got;
      }
      return filled;
    },
    close: () => file.close(),
  };
}
