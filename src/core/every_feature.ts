const works = { works: true } as const;

/** The features of a store of which nothing is known yet (ports/object_store.ts): all are tried. */
export const EVERY_FEATURE = {
  conditionalPut: works,
  versions: works,
  checksums: works,
  metadata: works,
  multipart: works,
  storageClass: works,
  encryption: works,
} as const;
