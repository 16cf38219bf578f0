import { classFor } from "../mirror/storage_class.ts";
import { countUpload, uploadOf, type UploadTally } from "./price_upload.ts";

export interface PackUploadOptions {
  readonly storageClass: string;
  /** Bytes each. */
  readonly packSize: number;
  readonly partSize: number;
  readonly minArchiveSize: number;
}

/**
 * The packs that so many bytes make, with an index in Standard each. An upper bound: what compression
 * and duplicates save is known only when it is done. The size of an index is not counted.
 */
export function packUploads(bytes: number, options: PackUploadOptions): UploadTally[] {
  const tallies = new Map<string, UploadTally>();
  const { packSize, partSize, minArchiveSize } = options;
  for (let rest = bytes; rest > 0; rest -= packSize) {
    const size = Math.min(rest, packSize);
    const storageClass = classFor(options.storageClass, BigInt(Math.ceil(size)), minArchiveSize);
    countUpload(uploadOf(tallies, storageClass), size, Math.ceil(size / partSize) + 2);
    countUpload(uploadOf(tallies, "STANDARD"), 0, 1);
  }
  return [...tallies.values()];
}
