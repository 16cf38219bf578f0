import type { InventoryObject } from "../core/inventory/inventory_row.ts";

/** A report of S3 Inventory that was opened. */
export interface InventoryReport {
  /** Current objects in any order, whole keys. Throws kind "damage" where a file is not as it was written. */
  objects(): AsyncIterable<readonly InventoryObject[]>;
}
