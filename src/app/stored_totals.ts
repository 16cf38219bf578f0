import { countObject, type StorageTally, tallyOf } from "../core/cost/storage_tally.ts";
import { entriesUnder } from "../core/index/key_claim.ts";
import { type EntryRow, isLive } from "../core/index/rows.ts";
import { compareBytes } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import { objectOf } from "./stored_size.ts";

const PAGE = 1000;

/** Complete packs, by class. */
export function packTotals({ index }: JobLog): Map<string, StorageTally> {
  const tallies = new Map<string, StorageTally>();
  for (const { stored, storageClass, size } of index.packs.all()) {
    if (stored > 0) countObject(tallyOf(tallies, storageClass), size);
  }
  return tallies;
}

/** Objects of removed entries that are still in the mirror, by class: aliases' too. */
export function removedTotals({ index }: JobLog): Map<string, StorageTally> {
  const tallies = new Map<string, StorageTally>();
  let after: { readonly folder: number; readonly name: Uint8Array } | undefined;
  for (;;) {
    const page = index.keptEntries(after, PAGE);
    for (const row of page) {
      const object = standsForObject(index, row) ? objectOf(index, row) : undefined;
      if (object !== undefined) countObject(tallyOf(tallies, object.storageClass), object.bytes);
    }
    if (page.length < PAGE) return tallies;
    after = page.at(-1)!;
  }
}

/** Several entries may have one object: a live one stands for it, else the first. */
function standsForObject(index: IndexModel, row: EntryRow): boolean {
  const holders = entriesUnder(index, index.keys.ofEntry(row));
  if (holders.some(isLive)) return false;
  const at = holders.findIndex(({ folder, name }) =>
    folder === row.folder && compareBytes(name, row.name) === 0
  );
  // Below a moved folder nobody else has it.
  return at <= 0;
}
