import { BATCH_ENTRIES, type EventData } from "../core/event/event.ts";
import { jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import { lossFinder } from "./name_losers.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import { touchedRows } from "./replay_snapshots.ts";

type LostFolder = EventData["MembersLost"]["folders"][number];

/** Entries whose content goes are not stored from now on. Returns how many. */
export async function loseEntries(upkeep: PackUpkeep): Promise<number> {
  const { deps: { log }, run, breathe } = upkeep;
  const loses = lossFinder(upkeep);
  let folders = new Map<PathText, LostFolder>();
  let [source, count, total] = ["", 0, 0];

  function flush(): void {
    if (count === 0) return;
    const data = { source, folders: [...folders.values()] };
    log.append(run, [{ type: "MembersLost", data }], { durable: true });
    [folders, count] = [new Map(), 0];
  }

  for (const { isFolder, row } of touchedRows(log.index, 0)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (isFolder || !loses(row)) continue;
    const place = log.index.paths.pathOf(row.folder);
    if (place.source !== source || count >= BATCH_ENTRIES) flush();
    source = place.source;
    const group = folders.get(place.path) ?? { path: jsonOfText(place.path), entries: [] };
    folders.set(place.path, group);
    const name = jsonOfText(textOfBytes(row.name));
    group.entries.push({ name, type: typeAt(row.stat), prev: row.position });
    count++;
    total++;
  }
  flush();
  return total;
}
