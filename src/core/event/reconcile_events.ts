import type { JsonPath } from "../path_text.ts";

/** What a comparison of the index with the store has found (docs/upkeep.md#reconcile). */
export interface ReconcileEventData {
  /** In batches; what is in another class only is in StorageClassesFound. */
  DifferencesFound: { by: ListingKind; objects: FoundDifference[] };
}

/** Whose word it was that an object is there: the store's LIST, or a report of S3 Inventory. */
export type ListingKind = "list" | "inventory";

/**
 * "missing", "damaged": with `stored` the entry that has it still is not stored from now on, as after
 * ObjectMissing and ObjectDamaged. "newer": the version that was stored is there, but the current
 * object under the key is another, or a delete marker. "unknown": no event of the log has stored it.
 */
export interface FoundDifference {
  is: "missing" | "damaged" | "newer" | "unknown";
  key: string;
  /** Left out of packs, objects of the log, and what is unknown. */
  source?: string;
  path?: JsonPath;
  /** Position of the event that stored it. */
  stored?: number;
  /** Of what is there: bytes, ETag and, where it is not STANDARD, class. */
  size?: string;
  etag?: string;
  class?: string;
  reason?: string;
}
