import { hex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { type EntryRow, isLive, UNREADABLE } from "../core/index/rows.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Unstored } from "../ports/event_log.ts";
import { entryHeader } from "./member_header.ts";
import { racyOf } from "./move_contents.ts";
import { pendingEntry } from "./pack_members.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import type { PackWriter } from "./pack_writer.ts";
import { placedTask } from "./placed_task.ts";
import { isMarker } from "./plan_packs.ts";
import { touchedRows } from "./replay_snapshots.ts";

/**
 * Live entries that only the index of a leaving pack tells of are recorded anew, so that a rebuild
 * without the log finds them: what has a header in that pack gets one in the next, others a record.
 * Those whose content is moved under their own name are recorded with it.
 */
export async function recordAgain(upkeep: PackUpkeep, writer: PackWriter): Promise<void> {
  const { deps: { log, signal }, breathe } = upkeep;
  const homeOf = homeFinder(upkeep);
  for (const item of touchedRows(log.index, 0)) {
    signal.throwIfAborted();
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (!isLive(item.row) || item.row.content.stored <= 0) continue;
    // Its mark would be lost: it is recorded once it can be read again.
    if ((item.row.state & UNREADABLE) !== 0) continue;
    const home = homeOf(item);
    if (home === "elsewhere" || isMoved(upkeep, item)) continue;
    await recordOne(upkeep, writer, item, home);
  }
}

type Home = "leaving" | "unknown" | "elsewhere";

/** "unknown": the log begins later than the entry was packed, and a pack from that time leaves. */
function homeFinder({ homes, ledger, deps: { log } }: PackUpkeep): (item: Unstored) => Home {
  const leaving = new Set(ledger.leaving());
  const base = log.base?.position ?? 0;
  const isEarly = [...leaving].some((pack) => pack <= base);
  return ({ row }) => {
    const home = homes.of(row);
    if (home === "none") return "elsewhere";
    if (home === "gone") return "leaving";
    if (home === "unknown") return isEarly ? "unknown" : "elsewhere";
    return leaving.has(home) ? "leaving" : "elsewhere";
  };
}

/** Its content comes into the next pack under its name. */
function isMoved({ ledger }: PackUpkeep, { isFolder, row }: Unstored): boolean {
  const sha256 = isFolder ? undefined : packedHash(row);
  if (isFolder || sha256 === undefined) return false;
  const { pack, claim } = ledger.find(sha256) ?? {};
  if (pack === undefined || !ledger.isLeaving(pack) || claim === undefined || claim.isPart) {
    return false;
  }
  return claim.folder === row.folder && compareBytes(claim.name, row.name) === 0;
}

async function recordOne(
  upkeep: PackUpkeep,
  writer: PackWriter,
  item: Unstored,
  home: Home,
): Promise<void> {
  const { row, isFolder } = item;
  const task = placedTask(upkeep.deps.log.index, item);
  const { sha256 } = row.content;
  const entry = pendingEntry(task, row, {
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    ...sizeOf(upkeep, item),
    ...(isFolder ? {} : racyOf(row as EntryRow)),
  });
  if (home === "unknown" || !isMarker(item)) return writer.note(entry);
  await writer.add(entry, entryHeader(task, row, upkeep.context.options.owners));
}

/** Of a content that is in a pack. */
function sizeOf({ ledger }: PackUpkeep, { isFolder, row }: Unstored): { size?: string } {
  const sha256 = isFolder ? undefined : packedHash(row);
  const size = sha256 === undefined ? undefined : ledger.find(sha256)?.size;
  return size === undefined ? {} : { size: size.toString() };
}
