import assert from "node:assert/strict";
import fc from "fast-check";

/** What may happen to a folder between two backups. */
export type Edit =
  | { do: "write"; path: string; text: string }
  | { do: "remove" | "chmod" | "touch" | "folder" | "symlink"; path: string }
  | { do: "move" | "swap" | "link" | "copy"; path: string; to: string };

const name = fc.constantFrom("a", "b", "é", "c d");

/** What there is before the first edit. */
export const FIRST = ["a/a", "a/b", "b/a/c d", "c d", "é/b", "é/a/a"];

/** Where edits find something more often than not, or anywhere. */
const path = fc.oneof(
  fc.constantFrom("a", "b", "b/a", "é", "é/a", "new", "a/new", ...FIRST),
  fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/")),
);

/** Edits that write one of these texts. */
export function editsWriting(...texts: string[]): fc.Arbitrary<Edit> {
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("write" as const),
        path,
        text: fc.constantFrom(...texts),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(...["remove", "chmod", "touch", "folder", "symlink"] as const),
        path,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom(...["move", "move", "move", "swap", "link", "copy"] as const),
        path,
        to: path,
      }),
    },
  );
}

/** Edits that the tree does not allow do nothing. */
export function applyEdit(root: string, edit: Edit): void {
  const path = `${root}/${edit.path}`;
  const parent = path.slice(0, path.lastIndexOf("/"));
  try {
    switch (edit.do) {
      case "write":
        Deno.mkdirSync(parent, { recursive: true });
        return Deno.writeTextFileSync(path, edit.text);
      case "remove":
        return Deno.removeSync(path, { recursive: true });
      case "chmod":
        return Deno.chmodSync(path, Deno.lstatSync(path).mode! & 0o777 ^ 0o011);
      case "touch":
        return Deno.utimeSync(path, 1_600_000_000, 1_600_000_000 + edit.path.length);
      case "folder":
        return Deno.mkdirSync(path, { recursive: true });
      case "symlink":
        Deno.mkdirSync(parent, { recursive: true });
        return Deno.symlinkSync("somewhere", path);
      case "link":
        return Deno.linkSync(path, `${root}/${edit.to}`);
      case "copy":
        return Deno.copyFileSync(path, `${root}/${edit.to}`);
      case "move":
        return Deno.renameSync(path, `${root}/${edit.to}`);
      case "swap":
        return swap(path, `${root}/${edit.to}`, `${root}/aside`);
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error;
  }
}

function swap(one: string, other: string, aside: string): void {
  Deno.renameSync(one, aside);
  try {
    Deno.renameSync(other, one);
    Deno.renameSync(aside, other);
  } catch {
    Deno.renameSync(aside, one);
  }
}

/** Each path with its type, mode, time, content or target, and the first of its names. */
export function describeTree(root: string): string[] {
  const lines: string[] = [];
  const firsts = new Map<number, string>();
  const visit = (path: string) => {
    const full = `${root}/${path}`;
    const { mode, mtime, isDirectory, isSymlink, ino, nlink } = Deno.lstatSync(full);
    const common = `${path} ${(mode! & 0o7777).toString(8)} ${mtime!.getTime()}`;
    if (isSymlink) lines.push(`${path} -> ${Deno.readLinkSync(full)}`);
    else if (isDirectory) {
      lines.push(`${common} folder`);
      const names = [...Deno.readDirSync(full)].map(({ name }) => name).sort();
      for (const name of names) visit(path === "" ? name : `${path}/${name}`);
    } else {
      const first = nlink! > 1 ? firsts.get(ino!) ?? path : path;
      firsts.set(ino!, first);
      lines.push(`${common} ${Deno.readTextFileSync(full)} ${first}`);
    }
  };
  visit("");
  return lines;
}
