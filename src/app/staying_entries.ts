import { hex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { isLive } from "../core/index/rows.ts";
import type { PathText } from "../core/path_text.ts";
import { NAMED_LOSERS, type StayingEntry } from "../core/plan/delete_plan.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import { type Choice, isNamed, placeOf } from "./chosen_contents.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";

/**
 * Present entries at and below the paths whose content stays, because another entry or a kept snapshot
 * has the same: each with one of these.
 */
export async function stayingEntries(
  { deps, ledger, breathe }: PackUpkeep,
  choice: Choice,
): Promise<StayingEntry[]> {
  const { log } = deps;
  const chosen: { place: PathText; hash: string }[] = [];
  const wanted = new Set<string>();
  const others = new Map<string, StayingEntry["sameAs"]>();
  for (const item of touchedRows(log.index, 0)) {
    const sha256 = storedHash(item);
    if (sha256 === undefined || chosen.length >= NAMED_LOSERS || !ledger.isKept(sha256)) continue;
    const place = placeOf(log.index, item);
    if (!isNamed(choice, place)) continue;
    chosen.push({ place, hash: hex(sha256) });
    wanted.add(hex(sha256));
  }

  async function look(index: IndexModel, snapshot?: number): Promise<void> {
    for (const item of wanted.size === 0 ? [] : touchedRows(index, 0)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const sha256 = storedHash(item);
      const hash = sha256 === undefined ? "" : hex(sha256);
      if (!wanted.has(hash)) continue;
      const place = placeOf(index, item);
      if (isNamed(choice, place)) continue;
      wanted.delete(hash);
      others.set(hash, snapshot === undefined ? { place } : { place, snapshot });
    }
  }

  await look(log.index);
  if (wanted.size > 0) {
    const states = replaySnapshots({ ...deps, breathe }, (event) => void event);
    for await (const { index, position } of states) await look(index, position);
  }
  return chosen.flatMap(({ place, hash }) => {
    const sameAs = others.get(hash);
    return sameAs === undefined ? [] : [{ place, sameAs }];
  });
}

function storedHash({ isFolder, row }: Unstored): Uint8Array | undefined {
  if (isFolder || !isLive(row) || row.content.stored <= 0) return undefined;
  return packedHash(row);
}
