import type { AnyEvent, PackedFolder } from "../core/event/event.ts";
import { bytesOfHex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { isLive } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes, textOfJson } from "../core/path_text.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import { type ContentNeeds, contentNeeds, loadContents } from "./needed_contents.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import { type Markers, noteMarker } from "./plan_packs.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";

export interface Choice {
  /** "[source/]path", as `ls` prints them. */
  readonly paths: readonly PathText[];
}

/**
 * Fills the ledger: what entries at and below the paths have and had, in the present state, in each
 * kept snapshot and between them, is chosen; what others have is needed. Returns the markers of packs,
 * and whether anything was found at these paths.
 */
export async function fillChosen(
  upkeep: PackUpkeep,
  choice: Choice,
): Promise<{ markers: Markers; found: boolean }> {
  const { deps, ledger, homes, breathe } = upkeep;
  const { log } = deps;
  await loadContents({ log, breathe }, ledger);
  const needs = contentNeeds(log.index.packs, ledger);
  const markers: Markers = new Map();
  let found = false;

  const see = (event: AnyEvent) => {
    homes.note(event);
    if (event.type !== "MembersPacked") return;
    const { source, folders } = event.data;
    for (const folder of folders) found = chooseMembers(needs, choice, source, folder) || found;
  };

  /** All rows of a state that were touched since, and those that were chosen in an earlier one. */
  async function look(index: IndexModel, since: number, by: "snapshot" | "entry"): Promise<void> {
    for (const item of touchedRows(index, since)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const { row } = item;
      if (by === "entry" && isLive(row) && row.content.stored > 0) {
        noteMarker(upkeep, markers, item);
      }
      const isChosen = isNamed(choice, placeOf(index, item));
      found ||= isChosen;
      if (item.isFolder || packedHash(row) === undefined) continue;
      // What is not needed may still be in a pack: a removed entry's, or a former content.
      if (isChosen) {
        ledger.choose(item.row.folder, item.row.name);
        needs.note(row, "chosen");
      } else if (isNeeded(row)) needs.note(row, by);
    }
    noteMovedAway(index, by);
  }

  /** A moved folder changes one row: what is in it was chosen under another path, and is not here. */
  function noteMovedAway(index: IndexModel, by: "snapshot" | "entry"): void {
    for (const { folder, name } of ledger.chosenEntries()) {
      const row = index.tables.findEntry(folder, name);
      if (row === undefined || !isNeeded(row)) continue;
      if (!isNamed(choice, placeOf(index, { isFolder: false, row }))) needs.note(row, by);
    }
  }

  for await (const { index, since } of replaySnapshots({ ...deps, breathe }, see)) {
    await look(index, since, "snapshot");
  }
  await look(log.index, 0, "entry");
  return { markers, found };
}

/** A former content spares an upload, and is no reason to keep what is to go. */
function isNeeded(row: Unstored["row"]): boolean {
  return isLive(row) && row.content.stored > 0;
}

/** What was packed under these paths once, whatever became of it. Returns whether there was anything. */
function chooseMembers(
  needs: ContentNeeds,
  choice: Choice,
  source: string,
  { path, objects }: PackedFolder,
): boolean {
  let isAny = false;
  const folder = textOfJson(path);
  for (const { name, sha256 } of objects) {
    const place = joinPath(source, joinPath(folder, textOfJson(name)));
    if (!isNamed(choice, place)) continue;
    isAny = true;
    if (sha256 !== undefined) needs.noteHash(bytesOfHex(sha256), "chosen");
  }
  return isAny;
}

export function isNamed({ paths }: Choice, place: PathText): boolean {
  return paths.some((path) => path === "" || place === path || place.startsWith(`${path}/`));
}

/** "[source/]path" of a row in a state. */
export function placeOf({ paths }: IndexModel, { isFolder, row }: Unstored): PathText {
  const name = textOfBytes(row.name);
  if (isFolder && row.parent === 0) return name;
  const { source, path } = paths.pathOf(isFolder ? row.parent : row.folder);
  return joinPath(source, joinPath(path, name));
}
