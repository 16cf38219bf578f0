import type { ListingKind } from "../core/event/reconcile_events.ts";
import type { ExpectedObjects, ObjectListing } from "../ports/work_tables.ts";
import type { CheckDeps } from "./check_context.ts";
import type { Differences } from "./reconcile_differences.ts";

/** What the parts of a reconciliation share. */
export interface ReconcileContext extends CheckDeps {
  readonly run: string;
  readonly by: ListingKind;
  /** What the index says to be in the store. */
  readonly expected: ExpectedObjects;
  /** What is there and no entry has; asked for where it turns out to be somebody's. */
  readonly unknown: ObjectListing;
  /** Prefixes of other repositories within this one's, as they are found: not ours to touch. */
  readonly others: string[];
  readonly found: Differences;
  /** Called between steps that do not wait (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
}
