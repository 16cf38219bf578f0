import type { PathMatcher } from "../core/path_glob.ts";
import type { PathText } from "../core/path_text.ts";
import { type EntryType, typeAt, unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { type ListedEntry, type ListedRow, listEntries } from "./list_entries.ts";

/** What is looked for; all that is given must fit. */
export interface Wanted {
  /** One of these must match the path. */
  readonly matchers: readonly PathMatcher[];
  readonly type?: EntryType;
  /** Bytes, exclusive; only files have a size. */
  readonly larger?: number;
  readonly smaller?: number;
  /** Milliseconds since 1970, of the last change of the content; `newer` inclusive. */
  readonly newer?: number;
  readonly older?: number;
}

/** The entries of a state that fit, each folder before what is in it, else in byte order. */
export function* findEntries(index: IndexModel, wanted: Wanted): Generator<ListedEntry> {
  for (const entry of listEntries(index, { kind: "root" }, { recursive: true })) {
    if (fits(entry.path, entry.row, wanted)) yield entry;
  }
}

export function fits(path: PathText, row: ListedRow, wanted: Wanted): boolean {
  if (!wanted.matchers.some((matches) => matches(path))) return false;
  const { type, larger, smaller, newer, older } = wanted;
  if (type !== undefined && typeAt(row.stat) !== type) return false;
  if ((larger ?? smaller ?? newer ?? older) === undefined) return true;
  const stat = unpackStat(row.stat);
  const hasSize = larger !== undefined || smaller !== undefined;
  if (hasSize && stat.type !== "file") return false;
  const size = Number(stat.size);
  const time = Number(stat.mtime / 1_000_000n);
  return size > (larger ?? -1) && size < (smaller ?? Infinity) &&
    time >= (newer ?? -Infinity) && time < (older ?? Infinity);
}
