import { createHash } from "node:crypto";
import { join } from "node:path";
import { libc } from "../../src/libc/libc.ts";
import { statName, statxBuffer } from "../../src/libc/statx.ts";

/** What is compared of an entry, as text: type, mode, mtime in ns, and content or target. */
export type TreeState = ReadonlyMap<string, string>;

/** Reads a tree, its root included as ".". Times are in ns on Linux, else as exact as Deno has them. */
export function readTree(folder: string): TreeState {
  const state = new Map([[".", entryText(folder)]]);
  const visit = (inner: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(join(folder, inner))) {
      const path = inner === "" ? name : `${inner}/${name}`;
      state.set(path, entryText(join(folder, path)));
      if (isDirectory) visit(path);
    }
  };
  visit("");
  return state;
}

function entryText(path: string): string {
  const info = Deno.lstatSync(path);
  const type = info.isSymlink ? "symlink" : info.isDirectory ? "folder" : "file";
  const content = info.isSymlink
    ? `to ${Deno.readLinkSync(path)}`
    : info.isDirectory
    ? ""
    : `sha256 ${createHash("sha256").update(Deno.readFileSync(path)).digest("hex")}`;
  const mode = ((info.mode ?? 0) & 0o7777).toString(8).padStart(4, "0");
  return `${type} ${mode}, mtime ${mtimeOf(path, info)} ns, ${content}`;
}

/** Resolves a path from the working folder (fcntl.h). */
const AT_FDCWD = -100;
/** Of struct statx, in 32-bit words (statx(2)). */
const MTIME = 28;

function mtimeOf(path: string, info: Deno.FileInfo): bigint {
  const library = libc();
  const buffer = statxBuffer();
  const name = new TextEncoder().encode(`${path}\0`);
  if (library === null || !statName(library, AT_FDCWD, name, buffer)) {
    return BigInt(info.mtime?.getTime() ?? 0) * 1_000_000n;
  }
  const view = new DataView(buffer.bytes.buffer);
  const seconds = view.getBigInt64(MTIME * 4, true);
  return seconds * 1_000_000_000n + BigInt(view.getUint32(MTIME * 4 + 8, true));
}

/** One sentence for each entry that differs. */
export function treeDifferences(expected: TreeState, found: TreeState): string[] {
  const paths = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return paths.filter((path) => expected.get(path) !== found.get(path)).map((path) =>
    `${path}: was ${expected.get(path) ?? "not there"}; is ${found.get(path) ?? "not there"}`
  );
}
