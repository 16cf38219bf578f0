import { HoldfastError } from "./error.ts";
import { bytesOfText, type PathText, textOfBytes } from "./path_text.ts";

/** True where the path ("[source/]path"), or its last name, is what was looked for. */
export type PathMatcher = (path: PathText) => boolean;

/**
 * A shell's pattern (POSIX.1-2024, XCU 2.14): `*` and `?` do not match "/", `[a-z]` and `[!a-z]` are
 * one character, `**` as a whole segment is any number of folders, a backslash takes the next
 * character as it is, `\xNN` is a byte as paths are printed. Without "/" it is compared with the
 * name, else with the end of the path, or with all of it where it begins with "/". Throws kind
 * "usage".
 */
export function pathGlob(pattern: string, options: { ignoreCase?: boolean } = {}): PathMatcher {
  const text = withRawBytes(pattern).replace(/\/+$/, "");
  if (text === "") {
    throw new HoldfastError("usage", `the pattern ${JSON.stringify(pattern)} matches nothing`, {
      hint: "write part of a name with *, such as '*.odt', or '*' for everything",
    });
  }
  const rooted = text.startsWith("/");
  const segments = text.replace(/^\/+/, "").split(/\/+/);
  const body = segments.map((segment, i) => segmentText(segment, i === segments.length - 1));
  const flags = options.ignoreCase ? "siu" : "su";
  const regex = new RegExp(`^${rooted ? "" : "(?:.*/)?"}${body.join("")}$`, flags);
  return (path) => regex.test(path);
}

const ESCAPED_BYTE = /\\(?:x([0-9a-fA-F]{2})|([^]))/g;

/** `\xNN` as the characters that the bytes are, escaped where they would say something else. */
function withRawBytes(pattern: string): PathText {
  const raw = pattern.replace(ESCAPED_BYTE, (pair, digits: string | undefined) => {
    if (digits === undefined) return pair;
    const byte = parseInt(digits, 16);
    return byte < 0x80 ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(0xdc00 + byte);
  });
  return textOfBytes(bytesOfText(raw));
}

/** With the "/" that follows it, unless it is the last. */
function segmentText(segment: string, isLast: boolean): string {
  if (segment === "**") return isLast ? ".+" : "(?:[^/]+/)*";
  let text = "";
  const characters = Array.from(segment);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i];
    if (character === "*") {
      // A run of stars is one star, or the search would take exponential time.
      if (characters[i - 1] !== "*" || text.endsWith(literal("*"))) text += "[^/]*";
    } else if (character === "?") text += "[^/]";
    else if (character === "\\" && i < characters.length - 1) text += literal(characters[++i]);
    else if (character === "[") {
      const end = classEnd(characters, i);
      text += end < 0 ? literal("[") : classText(characters.slice(i + 1, end));
      if (end > 0) i = end;
    } else text += literal(character);
  }
  return isLast ? text : `${text}/`;
}

/** A "]" that is the first character of its class stands for itself. */
function classEnd(characters: readonly string[], start: number): number {
  let i = start + 1;
  if (characters[i] === "!" || characters[i] === "^") i++;
  if (characters[i] === "]") i++;
  while (i < characters.length && characters[i] !== "]") i += characters[i] === "\\" ? 2 : 1;
  return i < characters.length ? i : -1;
}

function classText(members: readonly string[]): string {
  const negated = members[0] === "!" || members[0] === "^";
  const inner: string[] = [];
  for (let i = negated ? 1 : 0; i < members.length; i++) {
    const isRange = members[i] === "-" && inner.length > 0 && i < members.length - 1;
    if (isRange) inner.push("-");
    else inner.push(classLiteral(members[i] === "\\" ? members[++i] : members[i]));
  }
  return `(?:(?!/)[${negated ? "^" : ""}${inner.join("")}])`;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function classLiteral(character: string): string {
  return /[\\^\-\]&~!#$%*+,.:;<=>?@`{|}()[/]/.test(character)
    ? `\\u{${character.codePointAt(0)!.toString(16)}}`
    : character;
}
