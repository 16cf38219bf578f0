import { isLive } from "../core/index/rows.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import type { EntryType } from "../core/stat_record.ts";
import { type Place } from "./adopt_batch.ts";
import type { AdoptWork } from "./adopt_work.ts";

/**
 * Objects of entries that were removed since: the index gets them as removed, so that they serve again
 * where the entries come back, and can be deleted. Not those whose content another entry has now.
 */
export function addRemoved({ survey, state, batch, names, after }: AdoptWork): void {
  const added: { place: Place; type: EntryType }[] = [];
  for (const object of survey.objects()) {
    if (object.metadata.position <= after || state.isContent(object.key)) continue;
    const claim = state.removed(object);
    const place = claim && names.split(claim.now, Infinity);
    if (claim === undefined || place === undefined || place.path === "") continue;
    const { isFolder, now, entry } = claim;
    if (object.key !== keyOfPath("", now, isFolder)) continue;
    if (batch.rowOf(place, isFolder) !== undefined || isLive(batch.rowOf(place, !isFolder))) {
      continue;
    }
    batch.place(place, entry);
    added.push({ place, type: entry.type });
  }
  batch.flush();
  for (const { place, type } of added.reverse()) {
    const row = batch.rowOf(place, type === "folder")!;
    batch.observe(place, { change: "removed", type, prev: row.position });
  }
  batch.flush();
}
