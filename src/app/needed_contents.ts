import { packedHash } from "../core/index/packed_hash.ts";
import { isLive, UNREADABLE } from "../core/index/rows.ts";
import type { AnyEvent } from "../core/event/event.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { ContentClaim, PackLedger, PackNeed } from "../ports/work_tables.ts";
import { replaySnapshots, type SnapshotReplay, touchedRows } from "./replay_snapshots.ts";

export interface ContentNeeds {
  /** Notes that a row needs its content, with the chunks of a large one. */
  note(row: Unstored["row"], by: PackNeed): void;
  /** The same of a hash. */
  noteHash(sha256: Uint8Array, by: PackNeed, claim?: ContentClaim): void;
}

export function contentNeeds(packs: PackModel, ledger: PackLedger): ContentNeeds {
  function noteHash(sha256: Uint8Array, by: PackNeed, claim?: ContentClaim): void {
    const found = ledger.need(sha256, by, claim);
    if (found === undefined || !found.isNew || found.content.list === 0) return;
    const part = claim === undefined ? undefined : { ...claim, isPart: true };
    for (const chunk of packs.chunks(sha256)) ledger.need(chunk, by, part);
  }
  return {
    noteHash,
    note(row, by) {
      const sha256 = packedHash(row);
      if (sha256 !== undefined) noteHash(sha256, by, by === "entry" ? claimOf(row) : undefined);
    },
  };
}

/** Whose source should have it; what is not settled so far, or cannot be read, is no such entry. */
function claimOf(row: Unstored["row"]): ContentClaim | undefined {
  if ("parent" in row || row.content.stored <= 0 || (row.state & UNREADABLE) !== 0) {
    return undefined;
  }
  return { folder: row.folder, name: row.name, isPart: false };
}

/** Everything that complete packs have. */
export async function loadContents(
  { log, breathe }: Pick<SnapshotReplay, "log" | "breathe">,
  ledger: PackLedger,
): Promise<void> {
  for (const content of log.index.packs.contents()) {
    ledger.add(content);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

export interface NeedOptions {
  /** Is shown every event of the log. */
  readonly see: (event: AnyEvent) => void;
  /** Is shown every live entry that is stored. */
  readonly live: (item: Unstored) => void;
}

/** Fills the ledger: what is in packs, and what of it each kept snapshot and the present state need. */
export async function fillPackLedger(
  replay: SnapshotReplay,
  ledger: PackLedger,
  { see, live }: NeedOptions,
): Promise<void> {
  const { log, breathe } = replay;
  await loadContents(replay, ledger);
  const needs = contentNeeds(log.index.packs, ledger);
  for await (const { index, since } of replaySnapshots(replay, see)) {
    for (const { row } of touchedRows(index, since)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      // Only what belongs to the observation can be restored from a snapshot.
      if (isLive(row) && row.content.stored > 0) needs.note(row, "snapshot");
    }
  }
  for (const item of touchedRows(log.index, 0)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (!isLive(item.row)) continue;
    needs.note(item.row, "entry");
    if (item.row.content.stored > 0) live(item);
  }
}
