import { type FolderRow, isLive } from "../core/index/rows.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import type { PathChange } from "../core/mirror/path_timeline.ts";
import {
  bytesOfText,
  displayPath,
  joinPath,
  jsonOfText,
  splitPath,
  textOfJson,
} from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import { type Place, rootNames } from "./adopt_batch.ts";
import type { Remarks } from "./adopt_remarks.ts";
import type { AdoptWork } from "./adopt_work.ts";
import { expandMissing } from "./missing_entries.ts";

/** An index that is being brought to what the repository says. */
export interface Changing extends Pick<AdoptWork, "log" | "run" | "names" | "batch" | "renames"> {
  /** No key is anything's own. */
  readonly inPacks: boolean;
  readonly unreadable: Place[];
  readonly missing: Remarks;
}

export function applyChange(changing: Changing, change: PathChange): void {
  const { names, batch } = changing;
  const from = names.split(change.path, change.position - 1);
  if (from === undefined) return;
  if (change.kind === "removed") {
    if (isLive(batch.rowOf(from, change.isFolder))) removeRow(changing, from, change.isFolder);
    return;
  }
  const to = names.split(change.to, change.position);
  const row = batch.rowOf(from, true);
  if (to === undefined || row === undefined || !isLive(row)) return;
  batch.flush();
  if (from.path === "") renameSource(changing, from.source, to.source);
  else moveFolder(changing, row as FolderRow, from, to);
}

function renameSource(changing: Changing, from: string, to: string): void {
  const { log, run, batch, inPacks } = changing;
  if (log.index.tables.findFolder(0, bytesOfText(to)) !== undefined) return;
  const data = { from, to, ...(inPacks ? { packs: true as const } : {}) };
  log.append(run, [{ type: "SourceRenamed", data }]);
  batch.carryAssumed({ source: from, path: "" }, { source: to, path: "" });
}

function moveFolder(changing: Changing, row: FolderRow, from: Place, to: Place): void {
  const { log, batch, missing } = changing;
  const { folder, name } = splitPath(to.path);
  batch.ensureFolder({ source: to.source, path: folder });
  batch.flush();
  if (log.index.paths.find(to.source, to.path) !== undefined) {
    missing.push(`${shown(from)} was renamed to ${shown(to)}, where something else is: left out`);
    return removeRow(changing, from, true);
  }
  const { type: _, ...seen } = observedOfStat(name, "moved", row.stat, {
    ...{ attributes: row.attributes, prev: row.position, fileSystem: row.fileSystem },
  });
  batch.observe(to, { ...seen, type: "folder", from: jsonOfText(from.path) });
  batch.flush();
  batch.carryAssumed(from, to);
}

export function removeRow({ log, batch }: Changing, place: Place, isFolder: boolean): void {
  batch.flush();
  const row = batch.rowOf(place, isFolder)!;
  const { folder } = splitPath(place.path);
  const common = { folder, path: place.path, foreign: false };
  const missing = "parent" in row
    ? { kind: "folder" as const, row, ...common }
    : { kind: "entry" as const, row, ...common };
  for (const { folder: within, entry } of [...expandMissing(log.index, [missing])]) {
    const { name, ...seen } = entry;
    batch.observe({ source: place.source, path: joinPath(within, textOfJson(name)) }, seen);
  }
  batch.flush();
}

/** Where sources were looked at: of those that the index has entries of, and no scan. */
export function noteSources({ log, run, renames }: Changing): void {
  const { tables } = log.index;
  for (const source of rootNames(log.index)) {
    if (tables.source(source) !== undefined) continue;
    const known = renames.records.findLast((record) =>
      record.is === "scan" && record.data.source === source
    );
    const data = known?.is === "scan"
      ? { ...known.data, rules: "" }
      : { source, path: "", rules: "", fileSystem: "", walker: "" };
    log.append(run, [{ type: "ScanStarted", data }]);
  }
}

export function markUnreadable({ batch, unreadable }: Changing): void {
  for (const place of unreadable) {
    const row = batch.rowOf(place, false) ?? batch.rowOf(place, true);
    if (row === undefined || !isLive(row)) continue;
    batch.observe(place, {
      ...{ change: "unreadable", type: typeAt(row.stat), prev: row.position },
      reason: "as it was when it was last looked at",
    });
  }
  batch.flush();
}

/** Folders that nothing tells of: those without anything in them were only on the way. */
export function sayAssumed(changing: Changing): void {
  const { log, batch, missing, inPacks } = changing;
  const places = [...batch.assumed.values()].sort((a, b) => b.path.length - a.path.length);
  let left = 0;
  for (const place of places) {
    const row = batch.rowOf(place, true);
    if (row === undefined || !isLive(row)) continue;
    if (place.path !== "" && log.index.countBelow((row as FolderRow).id) === 1) {
      removeRow(changing, place, true);
    } else left++;
  }
  if (left === 0) return;
  const where = inPacks ? "are in no pack index that was read" : "have no object";
  missing.push(`${left} folders ${where} and have no record: their attributes are not known`);
}

export function shown({ source, path }: Place): string {
  return displayPath(joinPath(source, path)) || "/";
}
