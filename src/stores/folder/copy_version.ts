/** A copy is a version of its own; where the file system has hard links its data is not written again. */
import type { CopyOptions, CopySource, StoredObject } from "../../ports/object_store.ts";
import { type ArchiveSimulation, checkReadable } from "./archive_simulation.ts";
import { hasCode } from "./disk_error.ts";
import { changed, missing } from "./folder_reads.ts";
import { makeCurrent } from "./make_current.ts";
import { damaged, findObject, readVersion } from "./read_version.ts";
import { type VersionPlace, versionPlace } from "./store_layout.ts";
import { nowMs, type StoreState } from "./store_state.ts";
import { type VersionRecord, writeRecordFile } from "./version_record.ts";
import {
  allSettled,
  prepareVersion,
  storedOf,
  type VersionWriter,
  writeVersion,
} from "./write_version.ts";

interface Copy {
  readonly source: VersionRecord;
  readonly key: string;
  readonly options: CopyOptions;
}

export async function copyVersion(
  writer: VersionWriter,
  simulation: ArchiveSimulation | undefined,
  from: CopySource,
  key: string,
  options: CopyOptions,
): Promise<StoredObject> {
  const { state } = writer;
  const source = await findObject(state.disk, state.layout, from.key, from.versionId);
  if (source === undefined) {
    await state.disk.look(state.layout.format);
    throw missing(from.key, from.versionId);
  }
  if (from.ifMatch !== undefined && from.ifMatch !== source.etag) throw changed(from.key);
  await checkReadable(simulation, state.disk, state.layout, source);
  const copy = { source, key, options };
  if (!state.links) return await rewrite(writer, copy);
  try {
    return await link(writer, copy);
  } catch (error) {
    // A file has so many names already that the file system gives it no more.
    if (hasCode(error, "EMLINK")) return await rewrite(writer, copy);
    throw error;
  }
}

async function link(writer: VersionWriter, copy: Copy): Promise<StoredObject> {
  const { state, lock } = writer;
  const durable = await prepareVersion(
    writer,
    (place, marker) => linkDurably(state, place, marker, copy),
  );
  await lock(copy.key, () => makeCurrent(state, { ...durable, ifNoneMatch: false }));
  return storedOf(durable.record);
}

async function linkDurably(
  { disk, layout, folders, clock }: StoreState,
  place: VersionPlace,
  marker: string,
  { source, key, options }: Copy,
): Promise<VersionRecord> {
  // Not a name of the data: the age of a mark tells other machines that its process is at work.
  (await disk.create(marker)).close();
  const data = versionPlace(layout, source.version)!.data;
  try {
    await disk.link(data, place.data);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    throw damaged(source, "its data file is missing");
  }
  const record: VersionRecord = {
    format: 1,
    key,
    version: place.version,
    size: source.size,
    sha256: source.sha256,
    crc32: source.crc32,
    etag: source.etag,
    storageClass: options.storageClass ?? "STANDARD",
    metadata: options.metadata ?? {},
    ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
    lastModified: nowMs(clock),
  };
  await allSettled([writeRecordFile(disk, place.record, record), folders.sync(place.folder)]);
  return record;
}

/** Reads and writes all bytes; the read checks their SHA-256. */
async function rewrite(
  writer: VersionWriter,
  { source, key, options }: Copy,
): Promise<StoredObject> {
  const { disk, layout } = writer.state;
  const { stream } = await readVersion(disk, layout, source, undefined);
  const { etag, sha256 } = source;
  return await writeVersion(writer, { key, options, etag, sha256, chunks: stream });
}
