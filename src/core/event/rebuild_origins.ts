/** What a rebuilt index came from. Entries are those that are in the index as this says. */
export type RebuildOrigins = {
  readonly segments: { readonly objects: number; readonly events: number };
  /** Where the database begins with one. */
  readonly checkpoint?: { readonly position: number; readonly entries: number };
  /** Mirror: metadata of objects that the log does not tell of, by HEAD. */
  readonly metadata?: { readonly objects: number; readonly entries: number };
  /** Pack layout: indexes of packs that the log does not tell of. */
  readonly packIndexes?: { readonly objects: number; readonly entries: number };
  readonly renames?: {
    readonly objects: number;
    readonly records: number;
    readonly entries: number;
  };
};
