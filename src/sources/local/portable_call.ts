import { HoldfastError, messageOf } from "../../core/error.ts";
import { displayPath, hasRawBytes, type PathText } from "../../core/path_text.ts";

const badPath = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** The path below `base` for a call of Deno's. Throws kind "entry" where it is none, or not UTF-8. */
export function pathBelow(base: string, path: PathText): string {
  if (!badPath.test(path) && !hasRawBytes(path)) return `${base}/${path}`;
  throw new HoldfastError("entry", `not a name this walker can open: "${displayPath(path)}"`, {
    context: { path: displayPath(path) },
    hint: "rename it: this system's walker reads UTF-8 names only",
  });
}

/** Throws kind "entry" where a folder on the way to the path is a symlink. */
export function refuseSymlinkOnWay(base: string, path: PathText): void {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const folder = path.slice(0, slash);
    if (infoAt(base, folder).isSymlink) {
      throw new HoldfastError("entry", `a folder became a symlink: ${displayPath(folder)}`, {
        context: { path: displayPath(path) },
        hint: "it changed while it was read: run again",
      });
    }
  }
}

/** lstat below the base. Throws kind "entry". */
export function infoAt(base: string, path: PathText): Deno.FileInfo {
  try {
    return Deno.lstatSync(pathBelow(base, path));
  } catch (error) {
    throw portableError("look at", path, error);
  }
}

/** The target of the symlink. Throws kind "entry", also where it is not UTF-8. */
export function readTargetAt(base: string, path: PathText): PathText {
  refuseSymlinkOnWay(base, path);
  let target: string;
  try {
    target = Deno.readLinkSync(pathBelow(base, path));
  } catch (error) {
    throw portableError("read the symlink", path, error);
  }
  // What the runtime could not decode comes as U+FFFD: a wrong target would be worse than none.
  if (!target.includes("\ufffd")) return target;
  throw new HoldfastError("entry", `the target of the symlink is not UTF-8: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "this system's walker reads UTF-8 names only",
  });
}

/** Why a call of Deno's failed, as one line. */
export function reasonOf(error: unknown): string {
  return messageOf(error).replace(/^(.*?) \(os error \d+\).*$/s, "$1");
}

export function portableError(action: string, path: PathText, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const shown = displayPath(path) || "the folder itself";
  return new HoldfastError("entry", `cannot ${action} ${shown}: ${reasonOf(error)}`, {
    context: { path: displayPath(path) },
    hint: "look at its permissions and the file system, then run again",
    cause: error,
  });
}
