import type { StoredEntry } from "../core/event/event.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { StoredObject } from "../ports/object_store.ts";

type Replaced = Pick<
  StoredEntry,
  "over" | "since" | "from" | "was" | "wasSince" | "until" | "release"
>;

/**
 * What becomes of an entry's former content now that a new one is stored under `key`, for the event
 * to say. What was under that key is gone, where the store keeps no versions. What lies under the
 * key of an old path is deleted once nothing needs it.
 */
export function leaveFormer(
  index: IndexModel,
  row: EntryRow,
  stored: { key: string; object: StoredObject; isSame?: boolean },
): Replaced {
  const over = overwritten(index, row, stored);
  const from = index.keys.ofEntry(row);
  const was = Math.abs(row.content.stored);
  if (was === 0 || from === stored.key) return over;
  // The same content once more, under another key: it is there for all that had it.
  if (stored.isSame === true) {
    return { ...over, since: row.content.since || was, from, was, release: true };
  }
  if (stored.object.versionId !== undefined || hasMarker(row)) return { ...over, from, was };
  const wasSince = row.content.since || (row.occupant === was ? row.occupantSince : 0);
  return { ...over, from, was, ...(wasSince === 0 ? {} : { wasSince }), until: row.position };
}

/** What a marker says is in the index: no snapshot needs the object. */
function hasMarker({ stat, content }: EntryRow): boolean {
  return stat[0] !== FILE_CODE && content.etag !== null;
}

/**
 * Which event first stored what was under the key, where that is gone now; the same as `since` where
 * equal bytes have taken its place.
 */
export function overwritten(
  { keys }: IndexModel,
  row: EntryRow,
  { key, object }: { key: string; object: StoredObject },
): Pick<StoredEntry, "over" | "since"> {
  const { folder, name, stat, content, occupant, occupantSince } = row;
  if (occupant === 0 || object.versionId !== undefined) return {};
  const isUnder = keys.ofEntry({
    folder,
    name,
    content: { ...content, key: null, stored: occupant },
  });
  if (isUnder !== key) return {};
  const since = occupantSince || occupant;
  const isSame = keys.ofEntry(row) === key && content.etag === object.etag &&
    Math.abs(content.stored) === occupant;
  if (!isSame) return { over: since };
  return stat[0] === FILE_CODE ? { since } : {};
}
