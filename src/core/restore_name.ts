import { HoldfastError } from "./error.ts";
import { displayPath, type PathText } from "./path_text.ts";

/**
 * Names that a restore may create. A name that is empty, `.`, `..` or holds `/` or NUL cannot come
 * from any file system: it is damage. Windows has more that would lead elsewhere (Microsoft: naming
 * files, paths, and namespaces).
 */
export function checkRestoreName(name: PathText, windows: boolean): void {
  const damage = problemOf(name);
  const problem = damage ?? (windows ? windowsProblemOf(name) : undefined);
  if (problem === undefined) return;
  throw new HoldfastError(
    damage === undefined ? "entry" : "damage",
    `the name ${displayPath(name) || '""'} ${problem}`,
    {
      context: { name: displayPath(name) },
    },
  );
}

function problemOf(name: PathText): string | undefined {
  if (name === "") return "is empty: the index is damaged";
  if (name === "." || name === "..") return "would leave the folder: the index is damaged";
  if (name.includes("/") || name.includes("\0")) return "holds / or NUL: the index is damaged";
  return undefined;
}

const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

function windowsProblemOf(name: PathText): string | undefined {
  // deno-lint-ignore no-control-regex -- control characters are not allowed there
  if (/[\\:<>"|?*\x00-\x1f]/.test(name)) return "holds a character that Windows does not allow";
  if (DEVICES.test(name.trimEnd())) return "is the name of a device on Windows";
  if (/[ .]$/.test(name)) return "ends in a space or dot, which Windows cuts off";
  return undefined;
}
