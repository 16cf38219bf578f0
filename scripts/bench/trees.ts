import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { getRandomValues } from "node:crypto";

export interface TreeShape {
  readonly name: string;
  readonly folders: number;
  readonly filesPerFolder: number;
  readonly fileSize: number;
}

export const smallFiles: TreeShape = {
  name: "small",
  folders: 100,
  filesPerFolder: 100,
  fileSize: 4096,
};
export const largeFiles: TreeShape = {
  name: "large",
  folders: 1,
  filesPerFolder: 4,
  fileSize: 512 * 2 ** 20,
};
export const largeFile: TreeShape = {
  name: "single",
  folders: 1,
  filesPerFolder: 1,
  fileSize: 2 * 2 ** 30,
};
export const manyFiles: TreeShape = {
  name: "many",
  folders: 20_000,
  filesPerFolder: 50,
  fileSize: 200,
};
/** The same shape in smaller sizes, and last itself: what grows with the files shows there. */
export const growingFiles: readonly TreeShape[] = [
  { ...manyFiles, name: "many-10", folders: 200 },
  { ...manyFiles, name: "many-100", folders: 2_000 },
  manyFiles,
];

export function fileCount({ folders, filesPerFolder }: TreeShape): number {
  return folders * filesPerFolder;
}

export function byteCount(shape: TreeShape): number {
  return fileCount(shape) * shape.fileSize;
}

/** Makes the tree of incompressible files below `base` unless it is there; returns its path. */
export async function ensureTree(base: string, shape: TreeShape): Promise<string> {
  const root = join(base, shape.name);
  const stamp = `${root}.made`;
  if (existsSync(stamp)) return root;
  console.error(`making ${fileCount(shape).toLocaleString("en")} files in ${root} …`);
  await rm(root, { recursive: true, force: true });
  const width = 200; // folders side by side: wide trees are as usual as deep ones
  for (let folder = 0; folder < shape.folders; folder++) {
    const upper = String(Math.floor(folder / width)).padStart(3, "0");
    const path = join(root, upper, String(folder % width).padStart(3, "0"));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < shape.filesPerFolder; file++) {
      writeRandom(join(path, `file-${String(file).padStart(4, "0")}.dat`), shape.fileSize);
    }
  }
  writeFileSync(stamp, "");
  // Tools that compare whole seconds would take files this young for changed ones.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return root;
}

function writeRandom(path: string, size: number): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  const chunk = new Uint8Array(Math.min(size, 65_536));
  for (let left = size; left > 0; left -= chunk.length) {
    getRandomValues(chunk);
    file.writeSync(chunk.subarray(0, Math.min(left, chunk.length)));
  }
}
