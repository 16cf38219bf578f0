import type { AnyNewEvent, EventData } from "../core/event/event.ts";
import { bytesOfHex, hex } from "../core/hash.ts";
import { neighbourFinder } from "../core/index/row_at.ts";
import { joinPath, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ClosedPack } from "./closed_pack.ts";

type LostFolders = EventData["MembersLost"]["folders"];

/**
 * The entries that count on what is not in the packs that were closed, and in no other: those beyond
 * the end of one, those with the same content elsewhere, and large files with a chunk that is lost.
 */
export function lostMembers(log: JobLog, closed: readonly ClosedPack[]): AnyNewEvent[] {
  const ends = new Map(closed.map((pack) => [pack.row.pack, endOf(pack)]));
  const lost = lostContents(log, closed);
  const first = Math.min(...closed.map(({ row }) => row.id));
  const events: AnyNewEvent[] = [];
  const find = neighbourFinder(log.index);
  for (const event of log.events({ from: first, type: "MembersPacked" })) {
    if (event.type !== "MembersPacked") continue;
    const { source, pack } = event.data;
    const end = pack === undefined ? Infinity : ends.get(pack) ?? Infinity;
    const folders: LostFolders = [];
    for (const { path, objects } of event.data.folders) {
      const entries = objects.filter(({ name, type, at, sha256, size }) => {
        // A content may be in another pack, too: then it is not lost with this one.
        const isBeyond = at !== undefined && at >= end && size === undefined;
        if (!isBeyond && !isLost(log, lost, sha256)) return false;
        const place = joinPath(textOfJson(path), textOfJson(name));
        const row = type === "folder" ? log.index.paths.find(source, place) : find(source, place);
        return row?.position === event.position;
      }).map(({ name, type }) => ({ name, type, prev: event.position }));
      if (entries.length > 0) folders.push({ path, entries });
    }
    if (folders.length > 0) events.push({ type: "MembersLost", data: { source, folders } });
  }
  return events;
}

function endOf(pack: ClosedPack): number {
  return pack.stored === undefined ? 0 : pack.plain;
}

/** Hashes of what no pack has once these are closed. */
function lostContents({ index }: JobLog, closed: readonly ClosedPack[]): Set<string> {
  const lost = new Set<string>();
  const kept = new Set<string>();
  for (const pack of closed) {
    for (const { sha256, at } of index.packs.contentsIn(pack.row.id)) {
      (at >= endOf(pack) ? lost : kept).add(hex(sha256));
    }
  }
  // In an older pack, which is complete: then nothing is lost.
  return new Set(
    [...lost].filter((hash) =>
      !kept.has(hash) && index.packs.locate(bytesOfHex(hash)) === undefined
    ),
  );
}

function isLost(log: JobLog, lost: ReadonlySet<string>, sha256: string | undefined): boolean {
  if (sha256 === undefined || lost.size === 0) return false;
  if (lost.has(sha256)) return true;
  return log.index.packs.chunks(bytesOfHex(sha256)).some((chunk) => lost.has(hex(chunk)));
}
