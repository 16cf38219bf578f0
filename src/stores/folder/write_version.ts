/**
 * How an object gets into the store. Its data and record are written under a new version, then
 * fsynced with the folder that names them, and only then does the key's pointer change: by link(2)
 * where the key is new, else by rename(2). A process killed before leaves nothing that a reader
 * finds, one killed after leaves a whole object; `sweep_pending.ts` removes or completes the rest.
 *
 * While a put runs, `pending/<process>/<version>` marks it (a second name of the data file),
 * `<version>.was` is the record that it replaces and `<version>.now` the pointer about to be renamed.
 */
import { HoldfastError } from "../../core/error.ts";
import type { PutOptions, StoredObject } from "../../ports/object_store.ts";
import { type DiskFile, removeQuietly } from "./disk.ts";
import type { KeyLock } from "./key_lock.ts";
import { type DurableVersion, makeCurrent } from "./make_current.ts";
import type { VersionPlace } from "./store_layout.ts";
import { nowMs, type StoreState } from "./store_state.ts";
import { type ContentSums, writeContent } from "./version_content.ts";
import { type VersionRecord, writeRecord } from "./version_record.ts";

const HOUR_MS = 60 * 60 * 1000;

export interface NewVersion {
  readonly key: string;
  readonly options: PutOptions;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Where it is not the MD5. */
  readonly etag?: string;
  /** The body's SHA-256 where the caller summed these very bytes; else it is summed here. */
  readonly sha256?: string;
  /** Throws where the bytes are not those expected: nothing is visible then. */
  readonly check?: (sums: ContentSums) => void;
}

export interface VersionWriter {
  readonly state: StoreState;
  readonly lock: KeyLock;
  readonly nextVersion: () => Promise<VersionPlace>;
}

export async function writeVersion(
  writer: VersionWriter,
  version: NewVersion,
): Promise<StoredObject> {
  const { state, lock } = writer;
  const durable = await prepareVersion(
    writer,
    (place, marker) => writeDurably(state, place, marker, version),
  );
  const ifNoneMatch = version.options.ifNoneMatch === true;
  await lock(version.key, () => makeCurrent(state, { ...durable, ifNoneMatch }));
  return storedOf(durable.record);
}

export function storedOf(record: VersionRecord): StoredObject {
  return { etag: record.etag, versionId: record.version, checksum: `crc32:${record.crc32}` };
}

/** Gives `write` a place and a mark; what it makes is durable, and not visible yet. */
export async function prepareVersion(
  writer: VersionWriter,
  write: (place: VersionPlace, marker: string) => Promise<VersionRecord>,
): Promise<Omit<DurableVersion, "ifNoneMatch">> {
  const { state } = writer;
  const place = await writer.nextVersion();
  const marker = `${state.pending}/${place.version}`;
  const begun = nowMs(state.clock);
  let record: VersionRecord;
  try {
    record = await write(place, marker);
    // A process that slept for days may have been taken for dead: its mark is swept then.
    if (nowMs(state.clock) - begun > HOUR_MS) await state.disk.look(marker);
  } catch (error) {
    await removeQuietly(state.disk, [place.record, place.data, marker]);
    throw error;
  }
  return { place, marker, record };
}

async function writeDurably(
  state: StoreState,
  place: VersionPlace,
  marker: string,
  version: NewVersion,
): Promise<VersionRecord> {
  const open: DiskFile[] = [];
  const create = async (path: string) => {
    const file = await state.disk.create(path);
    open.push(file);
    return file;
  };
  try {
    const marked = await create(marker);
    if (state.links) await state.disk.link(marker, place.data);
    const data = state.links ? marked : await create(place.data);
    const known = { sha256: version.sha256, etag: version.etag };
    const sums = await writeContent(data, version.chunks, known);
    checkSha256(version, sums);
    version.check?.(sums);
    const record = recordOf(state, place, version, sums);
    const recordFile = await create(place.record);
    await recordFile.write(writeRecord(record));
    await allSettled([data.sync(), recordFile.sync(), state.folders.sync(place.folder)]);
    return record;
  } finally {
    for (const file of open) file.close();
  }
}

/** A stream or parts that are not what the caller meant to store, as of a file that changed. */
function checkSha256({ key, options }: NewVersion, sums: ContentSums): void {
  if (options.sha256 === undefined || options.sha256 === sums.sha256) return;
  throw new HoldfastError("damage", `what was sent as ${key} has another SHA-256 than announced`, {
    context: { key },
    hint: "did the file change while it was read? back up again",
  });
}

/** As Promise.all, but no call is still at work when it rejects: the files are closed next. */
export async function allSettled(calls: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === "rejected") throw result.reason;
  }
}

function recordOf(
  state: StoreState,
  place: VersionPlace,
  { key, options, etag }: NewVersion,
  sums: ContentSums,
): VersionRecord {
  return {
    format: 1,
    key,
    version: place.version,
    size: sums.size,
    sha256: sums.sha256,
    crc32: sums.crc32,
    etag: etag ?? sums.md5,
    storageClass: options.storageClass ?? "STANDARD",
    metadata: options.metadata ?? {},
    ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
    lastModified: nowMs(state.clock),
  };
}
