import { HoldfastError } from "../core/error.ts";
import type { SignalSink } from "../core/signal.ts";
import type { InventoryReport } from "../ports/inventory.ts";
import type { FoundObject, WorkTables } from "../ports/work_tables.ts";
import type { ObjectPages } from "./reconcile_merge.ts";

export interface InventoryDeps {
  readonly work: WorkTables;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

export interface InventoryPlace {
  /** What the repository's keys begin with in the bucket. */
  readonly keyPrefix: string;
  /** For messages. */
  readonly name: string;
}

const PAGE = 1000;

/**
 * The objects of a report that are the repository's, in order of their keys: a report's files are in
 * no order, so they go through a table on disk. Throws kind "usage" where it has none of them: it is
 * of another prefix, and everything would seem lost.
 */
export async function* inventoryPages(
  report: InventoryReport,
  { keyPrefix, name }: InventoryPlace,
  { work, emit, signal }: InventoryDeps,
): ObjectPages {
  const listing = work.listing();
  try {
    emit({ kind: "phase", name: "list", subject: name });
    let found = 0;
    for await (const objects of report.objects()) {
      signal.throwIfAborted();
      const ours = objects.filter(({ key }) => key.startsWith(keyPrefix));
      listing.add(ours.map((object) => ({ ...object, key: object.key.slice(keyPrefix.length) })));
      found += ours.length;
    }
    if (found === 0) throw nothingIn(name, keyPrefix);
    emit({ kind: "phase", name: "check" });
    let page: FoundObject[] = [];
    for (const object of listing.notAskedFor()) {
      if (page.push(object) < PAGE) continue;
      yield page;
      page = [];
    }
    yield page;
  } finally {
    listing.close();
  }
}

function nothingIn(name: string, keyPrefix: string): HoldfastError {
  return new HoldfastError("usage", `the inventory report ${name} has nothing below ${keyPrefix}`, {
    hint: "take one of the whole bucket, or of a prefix that the repository is below",
  });
}
