import type { StoreFeatures } from "../../ports/object_store.ts";

const works = { works: true } as const;

/** What a folder store does, with and without hard links on its file system. */
export function featuresOf(links: boolean): StoreFeatures {
  return {
    conditionalPut: links ? works : {
      works: false,
      reason: "the file system of the repository has no hard links: two machines that write at " +
        "the same moment are found out later instead of stopped, and the objects are not also " +
        "kept as plain files at their paths",
    },
    versions: works,
    checksums: works,
    metadata: works,
    multipart: works,
    storageClass: works,
    encryption: {
      works: false,
      reason: "a folder store does not encrypt: what protects it is the disk that it is on",
    },
    lock: {
      works: false,
      reason: "a folder has no Object Lock: whoever can write to it can delete what is there",
    },
  };
}
