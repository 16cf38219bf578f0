import { HoldfastError, messageOf } from "../../core/error.ts";
import { displayPath, hasRawBytes, type PathText } from "../../core/path_text.ts";

/** Paths below the target's folder, for Deno's calls. */
export interface TargetPaths {
  readonly root: string;
  /**
   * The absolute path of an entry, every folder on the way checked to be a folder and no symlink.
   * Throws kind "entry" for what is no path below the target, or not UTF-8.
   */
  of(path: PathText): string;
  /** A text without raw bytes. Throws kind "entry". */
  text(text: PathText): string;
}

const badPath = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;
/** On Windows "\" and ":" would lead elsewhere (another folder, another stream). */
const badOnWindows = /[\\:]/;

export function targetPaths(root: string): TargetPaths {
  function of(path: PathText): string {
    const bad = badPath.test(path) || (Deno.build.os === "windows" && badOnWindows.test(path));
    if (bad) throw refused("not a path below the target", path);
    const checked = text(path);
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      checkFolder(path.slice(0, slash));
    }
    return `${root}/${checked}`;
  }

  function checkFolder(folder: PathText): void {
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(`${root}/${folder}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw targetError("look at", folder, error);
    }
    if (!info.isDirectory) throw refused("a component is no folder", folder);
  }

  function text(path: PathText): string {
    if (hasRawBytes(path)) throw refused("the name is not UTF-8", path);
    return path;
  }

  return { root, of, text };
}

function refused(what: string, path: PathText): HoldfastError {
  return new HoldfastError("entry", `${what}: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "restore it on Linux, or look who changed the target",
  });
}

/** kind "disk-full" for ENOSPC and EDQUOT (Windows: 112, 39), else "entry". */
export function targetError(action: string, path: PathText, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const reason = messageOf(error);
  const numbers = Deno.build.os === "windows" ? "112|39" : "28|122|69";
  const full = new RegExp(`os error (?:${numbers})\\)`).test(reason);
  return new HoldfastError(
    full ? "disk-full" : "entry",
    `cannot ${action} ${displayPath(path) || "the folder itself"}: ${
      reason.replace(/^(.*?) \(os error \d+\).*$/s, "$1")
    }`,
    {
      context: { path: displayPath(path) },
      hint: full
        ? "free some space and run again"
        : "look at the target's permissions, then run again",
      cause: error,
    },
  );
}
