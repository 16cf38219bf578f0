import { bytesOfText, type PathText } from "../core/path_text.ts";

/**
 * Text in which each UTF-16 unit is one byte (0 to 255): git matches bytes, so `?` is one byte and
 * a range is a range of bytes. Patterns and paths are compared in this form, which also makes names
 * that are not UTF-8 harmless.
 */
export type ByteText = string;

// deno-lint-ignore no-control-regex -- ASCII text is its own byte text
const ascii = /^[\x00-\x7f]*$/;

export function byteText(path: PathText): ByteText {
  return ascii.test(path) ? path : byteTextOf(bytesOfText(path));
}

export function byteTextOf(bytes: Uint8Array): ByteText {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return text;
}

/**
 * The lines of an ignore file that say something, trimmed as git does (dir.c,
 * add_patterns_from_buffer): a UTF-8 byte order mark, one CR before each LF and unescaped trailing
 * spaces go; comments and empty lines are left out.
 */
export function patternLines(content: Uint8Array): ByteText[] {
  const text = byteTextOf(content).replace(/^\xef\xbb\xbf/, "");
  return text.split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => !line.startsWith("#"))
    .map(withoutTrailingSpaces)
    .map(withPlainSlashes)
    .filter((line) => line !== "" && line !== "!");
}

/** Drops trailing spaces up to the last one that a backslash escapes. */
export function withoutTrailingSpaces(line: ByteText): ByteText {
  let end = line.length;
  while (line[end - 1] === " ") end--;
  if (end === line.length) return line;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

/**
 * A pattern of the ignore file in `folder` as the pattern that says the same at the source's root,
 * so that one list in order of precedence holds all rules (gitignore(5): a deeper file comes later).
 */
export function patternFromRoot(line: ByteText, folder: ByteText): ByteText {
  if (folder === "") return line;
  const negated = line.startsWith("!");
  const body = negated ? line.slice(1) : line;
  const place = `/${literal(folder)}/`;
  const anchored = body.replace(/\/$/, "").includes("/");
  const rooted = anchored ? place + body.replace(/^\//, "") : `${place}**/${withoutStarRun(body)}`;
  return negated ? `!${rooted}` : rooted;
}

/** `\\/` within a pattern as "/", which it means to git, but not to `ignore` beside "**". */
export function withPlainSlashes(line: ByteText): ByteText {
  const first = line.startsWith("!") ? 1 : 0;
  return line.replace(
    /\\([^])/g,
    (pair, quoted, at) => quoted === "/" && at > first && at + 2 < line.length ? "/" : pair,
  );
}

/** In a pattern without a slash a run of stars is one star; as a segment of a path it would be more. */
function withoutStarRun(body: ByteText): ByteText {
  return body.replace(/^\*+(?=\/?$)/, "*");
}

function literal(folder: ByteText): ByteText {
  return folder.replace(/[\\*?[\] ]/g, "\\$&");
}
