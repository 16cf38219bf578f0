import type { ObservedEntry } from "../event/event.ts";
import { compareBytes } from "../path_text.ts";
import { typeAt, unpackStat } from "../stat_record.ts";
import { statOfObserved, targetOfObserved } from "./observed_stat.ts";
import { type ContentRow, type EntryRow, isLive, NO_CONTENT } from "./rows.ts";

/**
 * What is left of an entry's content after a new observation of it: it stays where only a marker
 * object holds it and what the marker says is the same; a file's becomes a former content, with its
 * hash for as long as the size is equal, so that an equal hash spares the upload. Not so the content
 * before an observation that was never seen stored: its key may hold that one's by now.
 */
export function contentAfter(old: EntryRow, entry: ObservedEntry): ContentRow {
  const before = old.content;
  const former = -Math.abs(before.stored);
  const stat = statOfObserved(entry);
  if (typeAt(old.stat) !== entry.type) return { ...NO_CONTENT, stored: former };
  if (entry.type === "symlink") {
    const same = compareBytes(old.target ?? EMPTY, targetOfObserved(entry) ?? EMPTY) === 0;
    return same ? revived(before) : { ...NO_CONTENT, stored: former };
  }
  if (entry.type !== "file") {
    const same = unpackStat(old.stat).rdev === unpackStat(stat).rdev;
    return same ? revived(before) : { ...NO_CONTENT, stored: former };
  }
  if (entry.kept) return before;
  const sameSize = unpackStat(old.stat).size === unpackStat(stat).size;
  const isLast = before.stored > 0 || !isLive(old);
  return sameSize && isLast ? { ...before, stored: former } : { ...NO_CONTENT, stored: former };
}

const EMPTY = new Uint8Array(0);

/** What is left of a removed entry's content: that of one seen stored serves again where it is back. */
export function contentOfRemoved(content: ContentRow): ContentRow {
  return content.stored > 0
    ? { ...content, stored: -content.stored }
    : { ...NO_CONTENT, stored: content.stored };
}

/** A marker stays in the store when its entry is removed, and serves again when it is back. */
function revived(content: ContentRow): ContentRow {
  if (content.etag === null) return content;
  return { ...content, stored: Math.abs(content.stored) };
}
