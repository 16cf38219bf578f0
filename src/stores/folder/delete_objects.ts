/**
 * Deleting a key makes a delete marker current: a record without data, by one rename(2) as a put
 * does. Pointers are never removed, so that a key that has a version is always known to have one.
 * Deleting a version removes its record and then its data; were it the current one, the key is
 * deleted first.
 */
import { isKind } from "../../core/error.ts";
import type { ObjectName } from "../../ports/object_store.ts";
import { removeQuietly } from "./disk.ts";
import { diskError, hasCode, ifThere } from "./disk_error.ts";
import { makeCurrent } from "./make_current.ts";
import { findRecord } from "./read_version.ts";
import { removeRestoreRequests } from "./restore_requests.ts";
import { type VersionPlace, versionPlace } from "./store_layout.ts";
import { nowMs, type StoreState } from "./store_state.ts";
import { type VersionRecord, writeRecordFile } from "./version_record.ts";
import { allSettled, prepareVersion, type VersionWriter } from "./write_version.ts";

/** Side by side: they share fsyncs. */
const AT_ONCE = 32;

export async function deleteObjects(
  writer: VersionWriter,
  objects: readonly ObjectName[],
): Promise<{ object: ObjectName; reason: string }[]> {
  const left: { object: ObjectName; reason: string }[] = [];
  let next = 0;
  const lane = async () => {
    try {
      while (next < objects.length) {
        const object = objects[next++];
        const reason = await deleteOne(writer, object);
        if (reason !== undefined) left.push({ object, reason });
      }
    } catch (error) {
      next = objects.length;
      throw error;
    }
  };
  for (const ended of await Promise.allSettled(Array.from({ length: AT_ONCE }, lane))) {
    if (ended.status === "rejected") throw ended.reason;
  }
  return left;
}

/** Why it could not be deleted, where that is about this object; undefined where it is done. */
async function deleteOne(
  writer: VersionWriter,
  { key, versionId }: ObjectName,
): Promise<string | undefined> {
  try {
    await writer.lock(
      key,
      () =>
        versionId === undefined ? deleteCurrent(writer, key) : deleteFor(writer, key, versionId),
    );
    return undefined;
  } catch (error) {
    const failure = diskError(error, "delete", key);
    if (isKind(failure, "denied", "refused", "damage")) return failure.message;
    throw failure;
  }
}

async function deleteCurrent(writer: VersionWriter, key: string): Promise<void> {
  const { state } = writer;
  const current = await findRecord(state.disk, state.layout, key, undefined);
  // Nothing removes a store, so one that is not there any more says nothing about a key.
  if (current === undefined) return void await state.disk.look(state.layout.format);
  if (current.deleted) return;
  const durable = await prepareVersion(
    writer,
    (place, marker) => writeDeleted(state, place, marker, key),
  );
  await makeCurrent(state, { ...durable, ifNoneMatch: false });
}

async function writeDeleted(
  { disk, folders, clock }: StoreState,
  place: VersionPlace,
  marker: string,
  key: string,
): Promise<VersionRecord> {
  (await disk.create(marker)).close();
  const record: VersionRecord = {
    format: 1,
    key,
    version: place.version,
    deleted: true,
    size: 0,
    sha256: "",
    crc32: "",
    etag: "",
    storageClass: "STANDARD",
    metadata: {},
    lastModified: nowMs(clock),
  };
  await allSettled([writeRecordFile(disk, place.record, record), folders.sync(place.folder)]);
  return record;
}

/** For good: the mark tells a later process to remove the data of a version without a record. */
async function deleteFor(writer: VersionWriter, key: string, version: string): Promise<void> {
  const { disk, layout, folders, pending } = writer.state;
  const record = await findRecord(disk, layout, key, version);
  if (record === undefined) return void await disk.look(layout.format);
  if (record.deleted) return;
  const current = await findRecord(disk, layout, key, undefined);
  if (current?.version === version) await deleteCurrent(writer, key);
  const place = versionPlace(layout, version)!;
  const marker = `${pending}/${version}`;
  await makeMark(writer.state, marker);
  await disk.remove(place.record);
  await folders.sync(place.folder);
  await ifThere(disk.remove(place.data));
  await removeRestoreRequests(disk, place);
  await removeQuietly(disk, [`${marker}.plain`, `${marker}.was`, `${marker}.now`, marker]);
}

/** The mark of this version's own put may still be there, where its plain file was not made. */
async function makeMark({ disk }: StoreState, marker: string): Promise<void> {
  try {
    (await disk.create(marker)).close();
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}
