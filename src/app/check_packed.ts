import { hex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { type EntryRow, isLive } from "../core/index/rows.ts";
import { PACKS_PREFIX } from "../core/pack/pack_layout.ts";
import { compareBytes, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { CheckContext } from "./check_context.ts";
import type { Finding } from "./check_findings.ts";
import type { PackFaults } from "./check_packs.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";
import { restoreItems } from "./restore_items.ts";

export interface PackedCounts {
  readonly entries: number;
  readonly bytes: number;
  readonly unstored: number;
  /** Entries that were named, with their contents. */
  readonly named: ReadonlySet<string>;
}

const EVERYTHING = { paths: [], include: undefined, exclude: undefined };

/** Each live entry's content: that a complete pack has it, and all chunks of a large one. */
export async function checkPacked(
  context: Pick<CheckContext, "log" | "emit" | "found" | "breathe">,
  faults: PackFaults,
): Promise<PackedCounts> {
  const { log, emit, found } = context;
  const counts = { entries: 0, bytes: 0, unstored: 0 };
  const named = new Set<string>();
  const total = log.index.totals();
  const faultOf = faultFinder(log.index.packs, faults);
  for (const item of restoreItems(log.index, EVERYTHING)) {
    const pause = context.breathe();
    if (pause !== undefined) await pause;
    const { row, source, path } = item;
    if (item.kind === "folder" && item.row.parent === 0) continue;
    if (++counts.entries % 256 === 0) {
      const [done, bytes] = [counts.entries, counts.bytes];
      const totals = { total: total.entries, totalBytes: Number(total.bytes) };
      emit({ kind: "check", done, bytes, ...totals, current: path });
    }
    const sha256 = packedHash(row);
    const fault = sha256 === undefined ? undefined : faultOf(sha256);
    if (row.content.stored <= 0 || fault === "open") {
      counts.unstored++;
      continue;
    }
    if (item.kind === "entry" && row.stat[0] === FILE_CODE) {
      counts.bytes += Number(unpackStat(row.stat).size);
    }
    if (fault === undefined || item.kind === "folder") continue;
    named.add(nameOf(item.row));
    found.add({ ...fault, source, path, stored: row.content.stored });
  }
  found.flush();
  return { ...counts, named };
}

function nameOf({ folder, name, content }: EntryRow): string {
  return `${folder} ${hex(name)} ${hex(content.sha256!)}`;
}

/**
 * The same of what kept snapshots had and no entry has now: by the log alone, without a request.
 * Returns how many were looked at. What `delete` has given up is no loss.
 */
export async function checkPackedSnapshots(
  context: Pick<CheckContext, "log" | "replayer" | "emit" | "found" | "breathe">,
  faults: PackFaults,
  named: ReadonlySet<string>,
): Promise<number> {
  const { log, replayer, emit, breathe, found } = context;
  const faultOf = faultFinder(log.index.packs, faults);
  const isGivenUp = givenUp(log);
  let contents = 0;
  const states = replaySnapshots({ log, replayer, emit, breathe }, (event) => void event);
  for await (const { index, since } of states) {
    for (const item of touchedRows(index, since)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (item.isFolder || !isFormer(log.index, item.row) || named.has(nameOf(item.row))) continue;
      const sha256 = packedHash(item.row)!;
      contents++;
      const fault = faultOf(sha256);
      if (fault === undefined || fault === "open" || isGivenUp(sha256)) continue;
      found.add({ ...fault, ...placeOf(index, item.row) });
    }
  }
  found.flush();
  return contents;
}

/** A content that the entry has not now: that one was looked at already. */
function isFormer({ tables }: IndexModel, row: EntryRow): boolean {
  const sha256 = packedHash(row);
  if (sha256 === undefined || !isLive(row) || row.content.stored <= 0) return false;
  const now = tables.findEntry(row.folder, row.name);
  const has = isLive(now) && now.content.stored > 0 ? packedHash(now) : undefined;
  return has === undefined || compareBytes(has, sha256) !== 0;
}

function placeOf({ paths }: IndexModel, row: EntryRow): { source: string; path: PathText } {
  const { source, path } = paths.pathOf(row.folder);
  return { source, path: joinPath(path, textOfBytes(row.name)) };
}

function givenUp(log: JobLog): (sha256: Uint8Array) => boolean {
  const hashes = new Set<string>();
  for (const event of log.events({ type: "DeletionPlanned" })) {
    if (event.type !== "DeletionPlanned") continue;
    for (const hash of event.data.lost ?? []) hashes.add(hash);
  }
  return (sha256) => hashes.size > 0 && hashes.has(hex(sha256));
}

type ContentFault = Pick<Finding, "kind" | "key" | "reason">;

/** Why a content cannot be had; "open" where its pack is not complete yet. */
function faultFinder(packs: PackModel, faults: PackFaults) {
  function lostIn(id: number): ContentFault {
    const { key } = packs.pack(id)!;
    const { kind = "damaged", reason = undefined } = faults.get(id) ?? {};
    return { kind, key, reason: reason ?? `damaged: ${key} was found so by an earlier check` };
  }

  function faultOf(sha256: Uint8Array): ContentFault | "open" | undefined {
    const found = packs.locate(sha256);
    if (found === undefined) {
      return packs.has(sha256) ? "open" : missing("no pack has its content");
    }
    if (found.lost) return lostIn(found.pack);
    return found.list === 0 ? undefined : chunkFault(sha256, found.size);
  }

  function chunkFault(sha256: Uint8Array, size: number): ContentFault | "open" | undefined {
    let bytes = 0;
    for (const chunk of packs.chunks(sha256)) {
      const found = packs.locate(chunk);
      if (found === undefined) {
        return packs.has(chunk) ? "open" : missing(`no pack has its chunk ${hex(chunk)}`);
      }
      if (found.lost) return lostIn(found.pack);
      bytes += found.size;
    }
    return bytes === size
      ? undefined
      : missing(`of its content, ${size} bytes, the chunks have ${bytes}`);
  }

  return faultOf;
}

function missing(what: string): ContentFault {
  return { kind: "missing", key: PACKS_PREFIX, reason: `missing: ${what}` };
}
