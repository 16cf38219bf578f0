/** What a new current version means for the plain file at its key's path. */
import { dirname, join } from "node:path";
import { hasCode, ifThere } from "./disk_error.ts";
import { makePlain, type PlainCopy } from "./plain_copy.ts";
import { plainNames } from "./plain_path.ts";
import { findObject } from "./read_version.ts";
import { pointerPlace, type VersionPlace } from "./store_layout.ts";
import type { StoreState } from "./store_state.ts";
import type { VersionRecord } from "./version_record.ts";

/** Makes the plain file, or removes it where the version is a delete marker. */
export async function settlePlain(
  state: StoreState,
  record: VersionRecord,
  copy: Pick<PlainCopy, "place" | "previous" | "marker">,
): Promise<void> {
  const { key, size } = record;
  if (record.deleted) await removePlain(state, key, copy.previous);
  else await makePlain(state, { key, size, ...copy });
}

/** A file that is not the former version's is another's, and stays. */
async function removePlain(
  state: StoreState,
  key: string,
  previous: VersionPlace | undefined,
): Promise<void> {
  if (!state.links || previous === undefined) return;
  const { disk, layout } = state;
  await ifThere(disk.remove(pointerPlace(layout.odd, key).path));
  const names = plainNames(key);
  if (names === undefined) return;
  const path = join(layout.root, ...names);
  // No symlink is followed, and no name of another case.
  if (await ifThere(disk.realPath(dirname(path))) !== dirname(path)) return;
  if (key.endsWith("/")) return await removeEmpty(state, names);
  const there = (await ifThere(disk.look(path)))?.identity;
  const data = (await ifThere(disk.look(previous.data)))?.identity;
  if (there === undefined || there !== data) return;
  await disk.remove(path);
  await removeEmpty(state, names.slice(0, -1));
}

/** Removes the folder and those above it as far as they are empty and no object of their own. */
async function removeEmpty(state: StoreState, names: readonly string[]): Promise<void> {
  const { disk, layout } = state;
  for (let depth = names.length; depth > 0; depth--) {
    const path = join(layout.root, ...names.slice(0, depth));
    const entry = await ifThere(disk.look(path));
    if (entry === undefined || !entry.isFolder || (await disk.names(path)).length > 0) return;
    const key = `${names.slice(0, depth).join("/")}/`;
    if (await findObject(disk, layout, key, undefined) !== undefined) return;
    try {
      await disk.remove(path);
    } catch (error) {
      // Another put has made a file in it since.
      if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOENT")) return;
      throw error;
    }
  }
}
