import { HoldfastError } from "../core/error.ts";
import { bytesOfText, type PathText, textOfBytes } from "../core/path_text.ts";

/**
 * A path as `holdfast ls` prints it: `[name/]path`, with `\\` for a backslash and `\xNN` for a
 * byte (core/path_text.ts, displayPath). Any other backslash stands for itself. "" is the root.
 * Throws kind "usage".
 */
export function parsePath(text: string): PathText {
  const path = unescapePath(text).replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
  if (path === "." || (path === "" && !text.startsWith("/"))) return "";
  if (text.startsWith("/")) {
    throw new HoldfastError("usage", `path ${JSON.stringify(text)} starts with "/"`, {
      hint: "paths start at the source: write them as holdfast ls prints them",
    });
  }
  if (path.split("/").some((name) => name === "" || name === "." || name === "..")) {
    throw new HoldfastError(
      "usage",
      `path ${JSON.stringify(text)} has an empty, "." or ".." part`,
      {
        hint: "write paths as holdfast ls prints them",
      },
    );
  }
  return path;
}

function unescapePath(text: string): PathText {
  const unescaped = text.replace(/\\(\\|x[0-9a-fA-F]{2})/g, (_, escaped: string) => {
    if (escaped === "\\") return "\\";
    const byte = parseInt(escaped.slice(1), 16);
    return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  });
  return textOfBytes(bytesOfText(unescaped));
}

/** Paths of a `--files-from` list, one a line; empty lines are left out. */
export function parsePathList(content: Uint8Array): PathText[] {
  const lines = textOfBytes(content).split("\n").map((line) => line.replace(/\r$/, ""));
  return lines.filter((line) => line !== "").map(parsePath);
}
