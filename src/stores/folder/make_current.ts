/** The moment an object becomes visible: one link(2) or one rename(2) of its key's pointer. */
import { HoldfastError } from "../../core/error.ts";
import { removeQuietly } from "./disk.ts";
import { hasCode, ifThere } from "./disk_error.ts";
import { makePlain } from "./plain_copy.ts";
import { pointerPlace, type VersionPlace, versionPlace } from "./store_layout.ts";
import type { StoreState } from "./store_state.ts";
import { recordIn, type VersionRecord, writeRecord } from "./version_record.ts";

export interface DurableVersion {
  readonly place: VersionPlace;
  /** Its mark in `pending/`. */
  readonly marker: string;
  readonly record: VersionRecord;
  readonly ifNoneMatch: boolean;
}

/** Errors after which it is not known whether the call had its effect. */
const uncertain = ["EIO", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "ENOTCONN"];

export async function makeCurrent(state: StoreState, version: DurableVersion): Promise<void> {
  const { place, marker, record } = version;
  const pointer = pointerPlace(state.layout.current, record.key);
  let folder: string;
  let isNew: boolean;
  try {
    folder = await state.folders.ensure(pointer.base, pointer.folders);
    isNew = await switchPointer(state, version, pointer.path);
  } catch (error) {
    if (!hasCode(error, ...uncertain)) {
      const mine = [place.record, place.data, `${marker}.was`, `${marker}.now`, marker];
      await removeQuietly(state.disk, mine);
    }
    throw error;
  }
  await state.folders.sync(folder);
  try {
    const previous = isNew ? undefined : await previousVersion(state, marker);
    await makePlain(state, { key: record.key, size: record.size, place, previous, marker });
  } catch {
    // The object is stored; its mark stays, and the next process that writes makes the plain file.
    return;
  }
  await removeQuietly(state.disk, isNew ? [marker] : [`${marker}.was`, marker]);
}

/** True where it is known that the key had no version. */
async function switchPointer(
  state: StoreState,
  version: DurableVersion,
  pointer: string,
): Promise<boolean> {
  const { ifNoneMatch, record } = version;
  if (state.links) {
    if (await linkPointer(state, version.place, pointer)) return true;
    if (ifNoneMatch) throw conflict(record.key);
    await state.disk.link(pointer, `${version.marker}.was`);
    await state.disk.link(version.place.record, `${version.marker}.now`);
  } else {
    if (ifNoneMatch && await ifThere(state.disk.look(pointer)) !== undefined) {
      throw conflict(record.key);
    }
    await writePointer(state, record, `${version.marker}.now`);
  }
  await state.disk.rename(`${version.marker}.now`, pointer);
  return false;
}

/** True where the key had no version and now has this one. */
async function linkPointer(
  state: StoreState,
  place: VersionPlace,
  pointer: string,
): Promise<boolean> {
  const { disk } = state;
  try {
    await disk.link(place.record, pointer);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  // A network file system may repeat a link whose answer was lost.
  const [mine, current] = [await disk.look(place.record), await disk.look(pointer)];
  return mine.identity !== undefined && mine.identity === current.identity;
}

async function writePointer(state: StoreState, record: VersionRecord, path: string): Promise<void> {
  const file = await state.disk.create(path);
  try {
    await file.write(writeRecord(record));
    await file.sync();
  } finally {
    file.close();
  }
}

/** The version that this one replaced, as its mark in `pending/` names it. */
export async function previousVersion(
  state: StoreState,
  marker: string,
): Promise<VersionPlace | undefined> {
  const bytes = await ifThere(state.disk.readWhole(`${marker}.was`));
  const version = bytes === undefined ? undefined : recordIn(bytes)?.version;
  return version === undefined ? undefined : versionPlace(state.layout, version);
}

function conflict(key: string): HoldfastError {
  return new HoldfastError("conflict", `${key} is already there`, {
    context: { key },
    hint: "another writer was first: read it, then decide",
  });
}
