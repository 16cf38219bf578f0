import { HoldfastError } from "../../core/error.ts";
import type { ObjectHead } from "../../ports/object_store.ts";
import { checkedLine, lineIn } from "./checked_line.ts";
import type { Disk } from "./disk.ts";

/** What a store keeps of one version: a line of JSON and a line with the CRC32 of the first. */
export interface VersionRecord {
  readonly format: 1;
  readonly key: string;
  readonly version: string;
  /** A delete marker: the key has no object, and this version no data file. */
  readonly deleted?: true;
  readonly size: number;
  /** Of the bytes, 64 hex digits. */
  readonly sha256: string;
  /** Of the bytes, 8 hex digits. */
  readonly crc32: string;
  /** MD5, or MD5 of the parts' MD5s and their number, as S3 makes it. */
  readonly etag: string;
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
}

export function writeRecord(record: VersionRecord): Uint8Array {
  return checkedLine(record);
}

/** Makes the file of a record, durable but for its name: that is the folder's fsync. */
export async function writeRecordFile(
  disk: Disk,
  path: string,
  record: VersionRecord,
): Promise<void> {
  const file = await disk.create(path);
  try {
    await file.write(writeRecord(record));
    await file.sync();
  } finally {
    file.close();
  }
}

/** The record in these bytes. Throws kind "damage" where they are torn or altered. */
export function readRecord(bytes: Uint8Array, path: string): VersionRecord {
  const record = recordIn(bytes);
  if (record === undefined) {
    throw new HoldfastError("damage", `the version record ${path} is damaged`, {
      context: { path },
      hint: "restore the file from a copy of the repository, or back up again",
    });
  }
  return record;
}

/** The record, or undefined where the bytes are torn or altered. */
export function recordIn(bytes: Uint8Array): VersionRecord | undefined {
  return lineIn<VersionRecord>(bytes);
}

export function headOf(record: VersionRecord): ObjectHead {
  return {
    size: record.size,
    etag: record.etag,
    versionId: record.version,
    storageClass: record.storageClass,
    metadata: record.metadata,
    lastModified: record.lastModified,
  };
}
