import { observedOfStat } from "../core/index/observed_stat.ts";
import { type FolderRow, isLive, UNSETTLED } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { Place } from "./adopt_batch.ts";
import type { PackedWork } from "./place_packed.ts";

/**
 * A folder without a file system of its own is on that of the folder above. Where that was placed
 * after it, what it got then is put right.
 */
export function settleMounts(work: PackedWork): void {
  const { mounts, names, batch } = work;
  batch.flush();
  const outerFirst = [...mounts.keys()].sort((a, b) => a < b ? -1 : 1);
  for (const full of outerFirst) {
    const place = names.split(full, Infinity);
    const row = place && batch.rowOf(place, true);
    if (isLive(row)) settleBelow(work, full, place!, row as FolderRow);
  }
  batch.flush();
}

function settleBelow(
  work: PackedWork,
  full: PathText,
  place: Place,
  { id, fileSystem }: FolderRow,
): void {
  const { log, batch, mounts, start } = work;
  for (const row of log.index.tables.foldersIn(id)) {
    const name = textOfBytes(row.name);
    const below = joinPath(full, name);
    if (!isLive(row) || mounts.has(below)) continue;
    const at = { source: place.source, path: joinPath(place.path, name) };
    const isOurs = row.position > start;
    if (isOurs && row.fileSystem !== fileSystem) {
      const { name: _, type, ...seen } = observedOfStat(name, "changed", row.stat, {
        ...{ attributes: row.attributes, prev: row.position, fileSystem },
      });
      const racy = (row.state & UNSETTLED) === 0 ? {} : { racy: true as const };
      batch.observe(at, { ...seen, type: type!, ...racy });
    }
    settleBelow(work, below, at, isOurs ? { ...row, fileSystem } : row);
  }
}
