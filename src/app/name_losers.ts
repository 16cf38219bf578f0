import { hex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { type EntryRow, isLive } from "../core/index/rows.ts";
import type { PathText } from "../core/path_text.ts";
import { type DeletePlan, NAMED_LOSERS } from "../core/plan/delete_plan.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { placeOf } from "./chosen_contents.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";

/** Who loses its content with what goes, and the hashes of that. */
export interface Losers extends Pick<DeletePlan, "losing" | "current" | "snapshots"> {
  readonly lost: readonly string[];
}

interface Loser {
  place: PathText;
  isCurrent: boolean;
  snapshots: number[];
}

/** One more replay: the entries of each kept snapshot and of the present state whose content goes. */
export async function nameLosers(upkeep: PackUpkeep): Promise<Losers> {
  const { deps, ledger, breathe } = upkeep;
  const { log } = deps;
  const loses = lossFinder(upkeep);
  const named = new Map<string, Loser>();
  const lost = new Set<string>();
  const snapshots: { position: number; entries: number }[] = [];
  for (const { folder, name } of ledger.chosenEntries()) ledger.unchoose(folder, name);

  function note(index: IndexModel, row: EntryRow): void {
    ledger.choose(row.folder, row.name);
    lost.add(hex(row.content.sha256!));
    if (named.size >= NAMED_LOSERS) return;
    const place = placeOf(index, { isFolder: false, row });
    const name = `${row.folder} ${hex(row.name)} ${hex(row.content.sha256!)}`;
    const loser = named.get(name) ?? { place, isCurrent: false, snapshots: [] };
    named.set(name, { ...loser, place });
  }

  /** Rows that a state has touched join those that lose, or leave them; the others are as before. */
  async function look(index: IndexModel, since: number): Promise<void> {
    for (const { isFolder, row } of touchedRows(index, since)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (isFolder) continue;
      if (loses(row)) note(index, row);
      else ledger.unchoose(row.folder, row.name);
    }
  }

  function losersOf(index: IndexModel, found: (loser: Loser) => void): void {
    for (const { folder, name } of ledger.chosenEntries()) {
      const { sha256 } = index.tables.findEntry(folder, name)!.content;
      const loser = named.get(`${folder} ${hex(name)} ${hex(sha256!)}`);
      if (loser !== undefined) found(loser);
    }
  }

  const states = replaySnapshots({ ...deps, breathe }, (event) => void event);
  for await (const { index, position, since } of states) {
    await look(index, since);
    const entries = ledger.chosenCount();
    if (entries > 0) snapshots.push({ position, entries });
    losersOf(index, (loser) => void loser.snapshots.push(position));
  }
  await look(log.index, 0);
  const current = ledger.chosenCount();
  losersOf(log.index, (loser) => void (loser.isCurrent = true));
  return { losing: [...named.values()], current, snapshots, lost: [...lost] };
}

/** Whether a row's content is among what goes, or a chunk of it. */
export function lossFinder({ deps, ledger }: PackUpkeep): (row: EntryRow) => boolean {
  const { packs } = deps.log.index;
  return (row) => {
    if (!isLive(row) || row.content.stored <= 0) return false;
    const sha256 = packedHash(row);
    if (sha256 === undefined) return false;
    if (ledger.isGoing(sha256)) return true;
    const found = ledger.find(sha256);
    return found !== undefined && found.list > 0 &&
      packs.chunks(sha256).some((chunk) => ledger.isGoing(chunk));
  };
}
