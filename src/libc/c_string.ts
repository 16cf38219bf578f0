import { HoldfastError } from "../core/error.ts";
import { bytesOfText, displayPath, type PathText } from "../core/path_text.ts";

const encoder = new TextEncoder();

/** The empty string, for the AT_EMPTY_PATH calls. */
export const EMPTY = new Uint8Array(1);

/** The bytes of a text with the closing NUL. Throws kind "entry" where it holds a NUL itself. */
export function cString(text: PathText): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw notAName(text);
  const bytes = bytesOfText(text);
  const string = new Uint8Array(bytes.length + 1);
  string.set(bytes);
  return string;
}

/** For text of the program's own, ASCII. */
export function cLiteral(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`);
}

/** The C string of one name. Throws kind "entry" for "", ".", ".." and what holds "/" or NUL. */
export function cName(name: PathText): Uint8Array<ArrayBuffer> {
  if (name === "" || name === "." || name === ".." || name.includes("/")) throw notAName(name);
  return cString(name);
}

const badPath = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** The C string of a path below a root. Throws kind "entry" where a component is no name. */
export function cPath(path: PathText): Uint8Array<ArrayBuffer> {
  if (badPath.test(path)) throw notAName(path);
  return cString(path);
}

function notAName(text: PathText): HoldfastError {
  return new HoldfastError("entry", `not a name of an entry: "${displayPath(text)}"`, {
    context: { path: displayPath(text) },
    hint: "empty names, . and .., / and NUL in names are damage: check the repository",
  });
}
