/** The moment an object becomes visible: one link(2) or one rename(2) of its key's pointer. */
import { HoldfastError } from "../../core/error.ts";
import { removeQuietly } from "./disk.ts";
import { hasCode, ifThere } from "./disk_error.ts";
import { linkOnce } from "./link_once.ts";
import { pointerPlace, type VersionPlace, versionPlace } from "./store_layout.ts";
import { settlePlain } from "./settle_plain.ts";
import type { StoreState } from "./store_state.ts";
import { readRecord, recordIn, type VersionRecord, writeRecordFile } from "./version_record.ts";

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
      await dropClaim(state, place, marker).catch(() => {});
      const mine = [place.record, place.data, `${marker}.was`, `${marker}.now`, marker];
      await removeQuietly(state.disk, mine);
    }
    throw error;
  }
  await state.folders.sync(folder);
  try {
    const previous = isNew ? undefined : await previousVersion(state, marker);
    await settlePlain(state, record, { place, previous, marker });
  } catch {
    // The object is stored; its mark stays, and the next process that writes makes the plain file.
    return;
  }
  await removeQuietly(state.disk, [`${marker}.plain`, ...(isNew ? [] : [`${marker}.was`]), marker]);
}

/** True where it is known that the key had no version. */
async function switchPointer(
  state: StoreState,
  version: DurableVersion,
  pointer: string,
): Promise<boolean> {
  const { ifNoneMatch, record } = version;
  if (state.links) {
    if (await linkOnce(state.disk, version.place.record, pointer)) return true;
    const was = `${version.marker}.was`;
    await state.disk.link(pointer, was);
    if (ifNoneMatch && !await isDeleted(state, was)) throw conflict(record.key);
    await state.disk.link(version.place.record, `${version.marker}.now`);
    if (ifNoneMatch) await claimDeleted(state, version);
  } else {
    if (ifNoneMatch && !await isDeleted(state, pointer)) throw conflict(record.key);
    await writeRecordFile(state.disk, `${version.marker}.now`, record);
  }
  await state.disk.rename(`${version.marker}.now`, pointer);
  return false;
}

/** True where no pointer is there, or one to a delete marker. */
async function isDeleted(state: StoreState, pointer: string): Promise<boolean> {
  const bytes = await ifThere(state.disk.readWhole(pointer));
  return bytes === undefined || readRecord(bytes, pointer).deleted === true;
}

/** Of those who write where the key is deleted and If-None-Match is asked for, one wins. */
async function claimDeleted(state: StoreState, version: DurableVersion): Promise<void> {
  const replaced = await previousVersion(state, version.marker);
  const claims = replaced !== undefined &&
    await linkOnce(state.disk, version.place.record, claimPath(replaced));
  if (claims) return;
  throw conflict(version.record.key);
}

/** Takes back the claim of a version that did not become current. */
export async function dropClaim(
  state: StoreState,
  place: VersionPlace,
  marker: string,
): Promise<void> {
  const replaced = await previousVersion(state, marker);
  if (replaced === undefined) return;
  const claim = await ifThere(state.disk.look(claimPath(replaced)));
  const mine = await ifThere(state.disk.look(place.record));
  if (claim?.identity === undefined || claim.identity !== mine?.identity) return;
  await removeQuietly(state.disk, [claimPath(replaced)]);
}

/** Beside a delete marker: a link of the record of the version that follows it. */
function claimPath(deleted: VersionPlace): string {
  return `${deleted.folder}/${deleted.version.slice(-3)}.next`;
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
