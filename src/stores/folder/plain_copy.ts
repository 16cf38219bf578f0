/**
 * The bytes under a name that other tools find: a hard link of the data file at the key's path, or
 * below `.holdfast-store/odd/` where the path cannot be (see plain_path.ts, or a file is in the way).
 * Readers of the store never use it. A file or symlink that this store did not make is never
 * replaced and no symlink is followed; between the check of the folders and the link a symlink could
 * still be put there by someone who may write to the repository anyway.
 */
import { join } from "node:path";
import { hasCode, ifThere } from "./disk_error.ts";
import { makeFolder } from "./folder_sync.ts";
import { plainNames } from "./plain_path.ts";
import type { StoreState } from "./store_state.ts";
import { pointerPlace, type VersionPlace } from "./store_layout.ts";

export interface PlainCopy {
  readonly key: string;
  readonly size: number;
  readonly place: VersionPlace;
  /** The version that this one replaced, whose plain file may be replaced too. */
  readonly previous: VersionPlace | undefined;
  /** The mark in `pending/`, beside which the plain file that replaces another is made. */
  readonly marker: string;
}

/** What a path below the root answers where another thing is in the way or the name is not held. */
const cannotHold = [
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ENOTEMPTY",
  "ENAMETOOLONG",
  "EINVAL",
  "EILSEQ",
  "ELOOP",
  "EACCES",
  "EPERM",
];

const MOST_TRIES = 5;

export async function makePlain(state: StoreState, copy: PlainCopy): Promise<void> {
  if (!state.links) return;
  const names = plainNames(copy.key);
  const isPlain = names !== undefined && await atItsPath(state, copy, names);
  const odd = pointerPlace(state.layout.odd, copy.key);
  if (!isPlain) {
    await makeFolders(state, odd.base, odd.folders);
    await replaceBy(state, copy, odd.path);
  } else if (copy.previous !== undefined) {
    await ifThere(state.disk.remove(odd.path));
  }
}

async function atItsPath(
  state: StoreState,
  copy: PlainCopy,
  names: readonly string[],
): Promise<boolean> {
  for (let tries = 1;; tries++) {
    try {
      if (copy.key.endsWith("/")) {
        return copy.size === 0 && await realFolder(state, names) !== undefined;
      }
      const folder = await realFolder(state, names.slice(0, -1));
      return folder !== undefined && await linkOrReplace(state, copy, join(folder, names.at(-1)!));
    } catch (error) {
      if (hasCode(error, ...cannotHold)) return false;
      // A delete beside this may have removed the folder because it was empty.
      if (tries === MOST_TRIES || !hasCode(error, "ENOENT")) throw error;
    }
  }
}

/** Makes the folder below the root, or finds it; undefined where a symlink or another case is there. */
async function realFolder(
  state: StoreState,
  names: readonly string[],
): Promise<string | undefined> {
  const path = join(state.layout.root, ...names);
  const real = await ifThere(state.disk.realPath(path));
  if (real !== undefined) return real === path ? path : undefined;
  if (names.length === 0) return undefined;
  if (await realFolder(state, names.slice(0, -1)) === undefined) return undefined;
  await makeFolder(state.disk, path);
  return await state.disk.realPath(path) === path ? path : undefined;
}

async function linkOrReplace(state: StoreState, copy: PlainCopy, path: string): Promise<boolean> {
  const { disk } = state;
  try {
    await disk.link(copy.place.data, path);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const there = (await disk.look(path)).identity;
  if (there === undefined) return false;
  if (there === (await disk.look(copy.place.data)).identity) return true;
  const previous = copy.previous === undefined
    ? undefined
    : await ifThere(disk.look(copy.previous.data));
  if (previous?.identity !== there) return false;
  await replaceBy(state, copy, path);
  return true;
}

async function replaceBy(state: StoreState, copy: PlainCopy, path: string): Promise<void> {
  const second = `${copy.marker}.plain`;
  await ifThere(state.disk.remove(second));
  await state.disk.link(copy.place.data, second);
  await state.disk.rename(second, path);
}

async function makeFolders(
  state: StoreState,
  base: string,
  names: readonly string[],
): Promise<void> {
  let path = base;
  for (const name of names) await makeFolder(state.disk, path = `${path}/${name}`);
}
