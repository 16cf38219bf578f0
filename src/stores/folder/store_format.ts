import { HoldfastError } from "../../core/error.ts";
import type { Disk } from "./disk.ts";
import { hasCode, ifThere } from "./disk_error.ts";
import { type FolderSync, makeFolder } from "./folder_sync.ts";
import type { StoreLayout } from "./store_layout.ts";

/** `.holdfast-store/format.json`: its presence makes a folder a store. */
export interface StoreFormat {
  readonly format: 1;
  /** Whether the file system had hard links when the store was made. */
  readonly hardLinks: boolean;
}

/** The format of the store in these bytes. Throws kind "damage" or, for a newer one, "refused". */
export function readFormat(bytes: Uint8Array, path: string): StoreFormat {
  let found: { format?: unknown; hardLinks?: unknown };
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new HoldfastError("damage", `${path} is not readable as JSON`, {
      context: { path },
      hint: 'it holds one line: {"format":1,"hardLinks":true}',
      cause,
    });
  }
  if (found.format !== 1) {
    throw new HoldfastError("refused", `unknown format ${found.format} of the folder store`, {
      context: { path, code: "UnknownFormat" },
      hint: "a newer version of holdfast made it: use that one",
    });
  }
  return { format: 1, hardLinks: found.hardLinks === true };
}

export function noStore(root: string): HoldfastError {
  return new HoldfastError("no-repository", `there is no repository in ${root}`, {
    context: { path: root },
    hint: "is its disk mounted? `holdfast init` makes a new repository",
  });
}

/** Makes the folders of a store and, last, its format file. What is there already is kept. */
export async function createStore(
  disk: Disk,
  folders: FolderSync,
  layout: StoreLayout,
  unique: string,
): Promise<StoreFormat> {
  await makeFolders(disk, layout.root);
  for (const path of [layout.store, layout.versions, layout.current, layout.pending]) {
    await makeFolder(disk, path);
  }
  for (const path of [layout.uploads, layout.odd]) await makeFolder(disk, path);
  const present = await ifThere(disk.readWhole(layout.format));
  if (present !== undefined) return readFormat(present, layout.format);
  const draft = `${layout.store}/format-${unique}.tmp`;
  const file = await disk.create(draft);
  try {
    const format: StoreFormat = { format: 1, hardLinks: await hasLinks(disk, draft) };
    await file.write(new TextEncoder().encode(JSON.stringify(format) + "\n"));
    await file.sync();
    await disk.rename(draft, layout.format);
    await folders.sync(layout.store);
    await folders.sync(layout.root);
    return format;
  } finally {
    file.close();
  }
}

async function makeFolders(disk: Disk, path: string): Promise<void> {
  try {
    await makeFolder(disk, path);
  } catch (error) {
    const parent = path.replace(/[/\\][^/\\]+$/, "");
    if (!hasCode(error, "ENOENT") || parent === path) throw error;
    await makeFolders(disk, parent);
    await makeFolder(disk, path);
  }
}

/** Whether a file here can have a second name that is the same file. */
async function hasLinks(disk: Disk, file: string): Promise<boolean> {
  const second = `${file}.link`;
  try {
    await disk.link(file, second);
  } catch {
    return false;
  }
  const [a, b] = [await disk.look(file), await disk.look(second)];
  await disk.remove(second);
  return a.identity !== undefined && a.identity === b.identity;
}
