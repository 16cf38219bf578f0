import { type PathText, textOfJson } from "../path_text.ts";
import type { Claim } from "./claim.ts";
import type { StateParts } from "./rebuild_state.ts";
import { type EntryBody, fullPath } from "./renames_record.ts";

/** Where an entry is now, and as what. */
export type PlacedClaim = Pick<Claim, "now" | "isFolder" | "entry">;

/** The last thing that a pack index or a record says of an entry. */
export type SeenEntry = Pick<EntryBody, "source" | "path" | "entry"> & {
  readonly position: number;
};

/**
 * The state that pack indexes and records amount to. Indexes have an entry as often as it was stored,
 * and too many entries to be held: whoever asks goes from the newest pack to the oldest, so that what
 * comes first of a path is in force. What the records say is in the table of claims.
 */
export interface PackedState {
  /**
   * Where an entry of an index is now; undefined where it was removed since, where nobody knows, or
   * where a record says more of it.
   */
  now(seen: SeenEntry): PathText | undefined;
  /** What records say, where no index that was asked for said more; by path. */
  rest(): Iterable<PlacedClaim>;
  /** Entries whose path is not known for certain, because records are missing. */
  readonly unknown: () => number;
}

export function packedState({ records, timeline, claims }: StateParts): PackedState {
  let unknown = 0;
  for (const record of records) {
    const now = placeNow(record);
    if (now === undefined) continue;
    const { position, entry } = record;
    const isFolder = entry.type === "folder";
    const there = claims.find(now, isFolder);
    if (there !== undefined && there.claim.position > position) continue;
    const claim = { position, path: now, isFolder, now, entry, from: "record" as const };
    claims.set({ claim, placed: false });
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
      if (now === undefined || !claims.hasAny()) return now;
      const there = claims.find(now, seen.entry.type === "folder");
      if (there === undefined) return now;
      if (there.claim.position > seen.position) return undefined;
      claims.drop(there.claim);
      return now;
    },
    rest: () => claims.notPlaced(),
    unknown: () => unknown,
  };
}
