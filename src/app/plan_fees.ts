import { countEarly, type EarlyTally } from "../core/cost/price_deletion.ts";
import type { DeletedObject } from "../core/event/event.ts";
import { entryAt } from "../core/index/row_at.ts";
import { type EntryRow, IN_PACKS } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import { storedFacts } from "./stored_facts.ts";
import { storedBytes } from "./stored_size.ts";

/** Objects that a plan deletes or overwrites before the minimum duration of their class. */
export interface PlanFees {
  deleted(object: DeletedObject): void;
  /** The object under the path's own key, where there is one and no version of it will be left. */
  overwritten(row: EntryRow): void;
  early(): EarlyTally[];
}

/** Told where neither the log nor the index has the class of an object. */
const UNKNOWN_CLASS = "a class that nobody knows";

/**
 * Of an object the log tells class, size and age. A log that begins at a checkpoint has no event of
 * what was stored before it: the index may know class and size then, and nobody the age. `now` is in
 * milliseconds since 1970.
 */
export function planFees(log: JobLog, now: number): PlanFees {
  const factsOf = storedFacts(log);
  const tallies = new Map<string, EarlyTally>();
  const count = (stored: number, place: [source: string, path: PathText], row?: EntryRow) => {
    const facts = factsOf(stored, ...place);
    const known = row === undefined ? undefined : contentOf(row, stored);
    countEarly(tallies, {
      storageClass: facts?.storageClass ?? known?.storageClass ?? UNKNOWN_CLASS,
      bytes: facts?.bytes ?? known?.bytes,
      storedAt: facts?.storedAt,
    }, now);
  };
  return {
    deleted({ source = "", path = "", folder, stored }) {
      // Markers are in Standard.
      if (folder) return;
      const text = textOfJson(path);
      count(stored, [source, text], entryAt(log.index, source, text));
    },
    overwritten(row) {
      // What is only read again is in the store as it should be.
      if (row.occupant === 0 || row.content.stored > 0) return;
      // What an alias needs is not overwritten: the new content goes elsewhere.
      const { keys } = log.index;
      if (log.index.isAliasTarget(keys.ownOfEntry(row.folder, row.name))) return;
      const { source, path } = log.index.paths.pathOf(row.folder);
      count(row.occupant, [source, joinPath(path, textOfBytes(row.name))], row);
    },
    early: () => [...tallies.values()],
  };
}

/** What the row still has of the object that this event stored: a changed size forgets it. */
function contentOf(row: EntryRow, stored: number) {
  const { etag, storageClass } = row.content;
  if (Math.abs(row.content.stored) !== stored) return undefined;
  if (etag === null || etag === IN_PACKS) return undefined;
  return { storageClass: storageClass ?? "STANDARD", bytes: storedBytes(row) };
}
