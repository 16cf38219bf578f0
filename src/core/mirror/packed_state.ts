import { type PathText, textOfJson } from "../path_text.ts";
import type { PathTimeline } from "./path_timeline.ts";
import {
  type EntryBody,
  fullPath,
  type RecordedEntry,
  type RenamesRecord,
} from "./renames_record.ts";

/** Where an entry is now, and as what. */
export interface PlacedClaim {
  /** With the source's name in front. */
  readonly now: PathText;
  readonly isFolder: boolean;
  readonly entry: RecordedEntry;
}

/** The last thing that a pack index or a record says of an entry. */
export type SeenEntry = Pick<EntryBody, "source" | "path" | "entry"> & {
  readonly position: number;
};

/**
 * The state that pack indexes and records amount to. Indexes have an entry as often as it was stored,
 * and too many entries to be held: whoever asks goes from the newest pack to the oldest, so that what
 * comes first of a path is in force. What is held is what the records say.
 */
export interface PackedState {
  /**
   * Where an entry of an index is now; undefined where it was removed since, where nobody knows, or
   * where a record says more of it.
   */
  now(seen: SeenEntry): PathText | undefined;
  /** What records say, where no index that was asked for said more; by path. */
  rest(): PlacedClaim[];
  /** Entries whose path is not known for certain, because records are missing. */
  readonly unknown: () => number;
}

export function packedState(
  records: readonly RenamesRecord[],
  timeline: PathTimeline,
): PackedState {
  const recorded = new Map<string, PlacedClaim & { readonly position: number }>();
  let unknown = 0;
  for (const record of records) {
    if (record.is !== "entry") continue;
    const now = placeNow(record);
    if (now === undefined) continue;
    const { position, entry } = record;
    const isFolder = entry.type === "folder";
    const name = nameOf(now, isFolder);
    const there = recorded.get(name);
    if (there !== undefined && there.position > position) continue;
    recorded.set(name, { now, isFolder, entry, position });
  }

  function placeNow({ source, path, position, entry }: SeenEntry): PathText | undefined {
    const full = fullPath(source, textOfJson(path));
    const place = timeline.now(full, entry.type === "folder", position);
    if (place.kind === "unknown") unknown++;
    return place.kind === "there" ? place.path : undefined;
  }

  return {
    now(seen) {
      const now = placeNow(seen);
      if (now === undefined || recorded.size === 0) return now;
      const name = nameOf(now, seen.entry.type === "folder");
      const record = recorded.get(name);
      if (record === undefined) return now;
      if (record.position > seen.position) return undefined;
      recorded.delete(name);
      return now;
    },
    rest: () => [...recorded.values()].sort((a, b) => a.now < b.now ? -1 : 1),
    unknown: () => unknown,
  };
}

function nameOf(now: PathText, isFolder: boolean): string {
  return isFolder ? `${now}/` : now;
}
