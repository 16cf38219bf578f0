import { createHash } from "node:crypto";
import { HoldfastError } from "../../core/error.ts";
import type { GetOptions, ObjectBody } from "../../ports/object_store.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { diskError, ifThere } from "./disk_error.ts";
import { pointerPlace, type StoreLayout, versionPlace } from "./store_layout.ts";
import { headOf, readRecord, type VersionRecord } from "./version_record.ts";

const CHUNK = 256 * 1024;

/** As `findRecord`, but nothing where the version is a delete marker. */
export async function findObject(
  disk: Disk,
  layout: StoreLayout,
  key: string,
  versionId: string | undefined,
): Promise<VersionRecord | undefined> {
  const record = await findRecord(disk, layout, key, versionId);
  return record?.deleted ? undefined : record;
}

/** The record of a key's current or given version, or undefined. Throws kind "damage". */
export async function findRecord(
  disk: Disk,
  layout: StoreLayout,
  key: string,
  versionId: string | undefined,
): Promise<VersionRecord | undefined> {
  const path = versionId === undefined
    ? pointerPlace(layout.current, key).path
    : versionPlace(layout, versionId)?.record;
  if (path === undefined) return undefined;
  const bytes = await ifThere(disk.readWhole(path));
  if (bytes === undefined) return undefined;
  const record = readRecord(bytes, path);
  return record.key === key ? record : undefined;
}

/**
 * Opens a version's bytes. The length is checked at once, the SHA-256 at the end of a full read: the
 * stream then fails with kind "damage".
 */
export async function readVersion(
  disk: Disk,
  layout: StoreLayout,
  record: VersionRecord,
  range: GetOptions["range"],
): Promise<ObjectBody> {
  const file = await openData(disk, layout, record);
  try {
    const size = await file.size();
    if (size !== record.size) {
      throw damaged(record, `its data file has ${size} bytes instead of ${record.size}`);
    }
    const offset = Math.min(range?.offset ?? 0, size);
    const length = Math.min(range?.length ?? size, size - offset);
    if (offset > 0) await file.seek(offset);
    return { stream: streamOf(file, record, length), head: headOf(record) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Throws kind "damage" where the data file is not there. */
async function openData(
  disk: Disk,
  layout: StoreLayout,
  record: VersionRecord,
): Promise<DiskFile> {
  const file = await ifThere(disk.openRead(versionPlace(layout, record.version)!.data));
  if (file === undefined) throw damaged(record, "its data file is missing");
  return file;
}

function streamOf(
  file: DiskFile,
  record: VersionRecord,
  length: number,
): ReadableStream<Uint8Array> {
  const sha256 = length === record.size ? createHash("sha256") : undefined;
  let left = length;
  let isOpen = true;
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
  };

  const readOn = async (): Promise<Uint8Array> => {
    const buffer = new Uint8Array(Math.min(CHUNK, left));
    const count = await file.read(buffer);
    if (count === 0) throw damaged(record, `${left} bytes are missing`);
    left -= count;
    const bytes = buffer.subarray(0, count);
    sha256?.update(bytes);
    return bytes;
  };

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (left > 0) controller.enqueue(await readOn());
        if (left > 0) return;
        if (sha256 !== undefined && sha256.digest("hex") !== record.sha256) {
          throw damaged(record, "its SHA-256 is another");
        }
        close();
        controller.close();
      } catch (error) {
        close();
        controller.error(diskError(error, "read", record.key));
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

export function damaged(record: VersionRecord, what: string): HoldfastError {
  return new HoldfastError("damage", `the stored object ${record.key} is damaged: ${what}`, {
    context: { key: record.key, version: record.version },
    hint: "an older version may be whole; back up again to store it anew",
  });
}
