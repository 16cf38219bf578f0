import { HoldfastError, messageOf } from "../../core/error.ts";
import { displayPath, hasRawBytes, type PathText } from "../../core/path_text.ts";
import { packStat } from "../../core/stat_record.ts";
import { statOfInfo } from "../../libc/deno_stat.ts";
import type { DirectRoot, DirectSource } from "../../ports/source.ts";
import { portableFolder } from "./portable_folder.ts";
import { openPortableFile } from "./portable_file.ts";
import { portableError, readTargetAt } from "./portable_call.ts";

/**
 * A local folder by Deno's own calls, for macOS, Windows and Linux without glibc. It cannot keep:
 * - time stamps below a millisecond (ctime: below a second): a change within the racy window of 2 s
 *   is found by reading again;
 * - times before 1970 on Deno before 2.9, which loses their sign;
 * - names that are not UTF-8: such an entry is in `failed`, and on Deno before 2.9 the runtime does
 *   not even list it;
 * - extended attributes and ACLs: `readAttributes` gives none;
 * - the boundary between mounts where both have one device number (bind mounts);
 * - paths longer than the system takes in one piece (4,096 bytes on Linux): an entry error;
 * - the certainty that no symlink is followed: a component that is exchanged for one between the
 *   check and the call is followed. What is then opened is compared with what was looked at.
 */
export function portableSource(path: PathText): DirectSource {
  return { fidelity: "portable", open: () => openRoot(path) };
}

function openRoot(path: PathText): DirectRoot {
  if (hasRawBytes(path)) {
    throw new HoldfastError("entry", `the name is not UTF-8: ${displayPath(path)}`, {
      context: { path: displayPath(path) },
      hint: "rename it: this system's walker reads UTF-8 names only",
    });
  }
  const absolute = absolutePath(path);
  const isFolder = followsToFolder(absolute, path);
  const slash = Math.max(absolute.lastIndexOf("/"), absolute.lastIndexOf("\\"));
  const folder = isFolder ? absolute : absolute.slice(0, Math.max(slash, 1));
  const only = isFolder ? undefined : absolute.slice(slash + 1);
  const info = infoOf(folder, path);
  const root = portableFolder({ base: folder, only }, "", info);
  return {
    single: !isFolder,
    stat: packStat(statOfInfo(info)!),
    folder: root,
    openFile: (below) => openPortableFile(folder, below),
    readTarget: (below) => readTargetAt(folder, below),
    readAttributes: () => [],
    statAt: (below) => statBelow(`${folder}/${below}`),
    close() {},
  };
}

function statBelow(path: string): Uint8Array | undefined {
  try {
    const stat = statOfInfo(Deno.lstatSync(path));
    return stat === undefined ? undefined : packStat(stat);
  } catch {
    return undefined;
  }
}

/** The path at the time of opening: a later change of the working folder does not matter. */
function absolutePath(path: PathText): string {
  const isAbsolute = path.startsWith("/") || /^[A-Za-z]:[\\/]|^\\\\/.test(path);
  return isAbsolute ? path : `${Deno.cwd()}/${path}`;
}

function followsToFolder(absolute: string, path: PathText): boolean {
  try {
    if (Deno.statSync(absolute).isDirectory) return true;
  } catch {
    // A dangling symlink is an entry all the same; what is not there fails below.
  }
  infoOf(absolute, path, true);
  return false;
}

function infoOf(absolute: string, path: PathText, itself = false): Deno.FileInfo {
  try {
    return itself ? Deno.lstatSync(absolute) : Deno.statSync(absolute);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !messageOf(error).includes("os error 20")) {
      throw portableError("open the source", path, error);
    }
    throw new HoldfastError("gone", `the source is not there: ${displayPath(path)}`, {
      context: { path: displayPath(path) },
      hint: "mount it or correct the path in the config; nothing was taken for deleted",
      cause: error,
    });
  }
}
