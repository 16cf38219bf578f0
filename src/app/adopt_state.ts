import { type FolderRow, isLive } from "../core/index/rows.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import type { PathChange } from "../core/mirror/path_timeline.ts";
import type { Claim } from "../core/mirror/rebuild_state.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
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
import type { AdoptWork } from "./adopt_work.ts";
import { expandMissing } from "./missing_entries.ts";
import { addRemoved } from "./adopt_removed.ts";

interface Placing extends AdoptWork {
  /** Contents that records name and the store does not have as recorded: key and ETag. */
  readonly lost: ReadonlySet<string>;
  readonly unreadable: Place[];
  readonly missing: string[];
  outside: number;
}

/** Brings the index to the state, and says what of it could not be. */
export async function placeAll(work: AdoptWork): Promise<{ missing: string[] }> {
  const { survey, state, batch, after } = work;
  for (const object of survey.objects()) {
    if (object.metadata.position > after) state.see(object);
  }
  const lost = await lostContents(work);
  const placing: Placing = { ...work, lost, unreadable: [], missing: [], outside: 0 };
  for (const step of state.steps()) {
    if (step.kind === "place") placeClaim(placing, step.claim, "then");
    else applyChange(placing, step.change);
  }
  // Sources have no object, and all else is in them.
  for (const claim of state.rest((claim) => isRoot(placing, claim))) {
    placeClaim(placing, claim, "now");
  }
  for (const object of survey.objects()) {
    if (object.metadata.position <= after) continue;
    const claim = state.turn(object);
    if (claim !== undefined) placeClaim(placing, claim, "now");
  }
  for (const claim of state.rest(() => true)) placeClaim(placing, claim, "now");
  batch.flush();
  noteSources(placing);
  markUnreadable(placing);
  addRemoved(work);
  sayAssumed(placing);
  const { missing, outside } = placing;
  if (outside > 0) missing.push(`${outside} objects or records are of no source that is known`);
  return { missing };
}

function isRoot({ names }: Placing, { now, isFolder }: Claim): boolean {
  return isFolder && names.split(now, Infinity)?.path === "";
}

const named = ({ key, etag }: { key: string; etag?: string }) => `${key}\0${etag}`;

/** Of what records in force say: that it is not there any more, as it was recorded. */
async function lostContents({ deps, survey, state }: AdoptWork): Promise<Set<string>> {
  const lost = new Set<string>();
  for (const { entry } of state.contents()) {
    const content = entry.content!;
    if (survey.wanted.get(content.key)?.etag === content.etag) continue;
    const { key, version } = content;
    const head = version === undefined
      ? undefined
      : await deps.store.head(key, { versionId: version });
    if (head?.etag !== content.etag) lost.add(named(content));
  }
  return lost;
}

function placeClaim(placing: Placing, claim: Claim, when: "then" | "now"): void {
  const { names, batch } = placing;
  const place = when === "now"
    ? names.split(claim.now, Infinity)
    : names.split(claim.path, claim.position);
  if (place === undefined) {
    placing.outside++;
    return;
  }
  const entry = withoutLost(placing, claim, place);
  if (placing.gaps.length > 0 && isInTheWay(placing, claim, place)) {
    placing.missing.push(`${shown(place)} is a folder and a file: the folder is in the index`);
    return;
  }
  batch.place(place, entry);
  if (entry.unreadable) placing.unreadable.push(place);
}

/** Where the record of a removal is missing, a file and a folder may claim one path. */
function isInTheWay(placing: Placing, { isFolder }: Claim, place: Place): boolean {
  const isTaken = isLive(placing.batch.rowOf(place, !isFolder));
  if (isTaken && isFolder) removeRow(placing, place, false);
  return isTaken && !isFolder;
}

function withoutLost(placing: Placing, { entry, isFolder }: Claim, place: Place): RecordedEntry {
  if (entry.content === undefined || !placing.lost.has(named(entry.content))) return entry;
  const { content, ...rest } = entry;
  if (!isFolder) {
    placing.missing.push(
      `the content of ${shown(place)} is not in the store as it was recorded (${content.key})`,
    );
  }
  return rest;
}

function shown({ source, path }: Place): string {
  return displayPath(joinPath(source, path)) || "/";
}

function applyChange(placing: Placing, change: PathChange): void {
  const { names, batch } = placing;
  const from = names.split(change.path, change.position - 1);
  if (from === undefined) return;
  if (change.kind === "removed") {
    if (isLive(batch.rowOf(from, change.isFolder))) removeRow(placing, from, change.isFolder);
    return;
  }
  const to = names.split(change.to, change.position);
  const row = batch.rowOf(from, true);
  if (to === undefined || row === undefined || !isLive(row)) return;
  batch.flush();
  if (from.path === "") renameSource(placing, from.source, to.source);
  else moveFolder(placing, row as FolderRow, from, to);
}

function renameSource({ log, run, batch }: Placing, from: string, to: string): void {
  if (log.index.tables.findFolder(0, bytesOfText(to)) !== undefined) return;
  log.append(run, [{ type: "SourceRenamed", data: { from, to } }]);
  batch.carryAssumed({ source: from, path: "" }, { source: to, path: "" });
}

function moveFolder(placing: Placing, row: FolderRow, from: Place, to: Place): void {
  const { log, batch, missing } = placing;
  const { folder, name } = splitPath(to.path);
  batch.ensureFolder({ source: to.source, path: folder });
  batch.flush();
  if (log.index.paths.find(to.source, to.path) !== undefined) {
    missing.push(`${shown(from)} was renamed to ${shown(to)}, where something else is: left out`);
    return removeRow(placing, from, true);
  }
  const { type: _, ...seen } = observedOfStat(name, "moved", row.stat, {
    ...{ attributes: row.attributes, prev: row.position, fileSystem: row.fileSystem },
  });
  batch.observe(to, { ...seen, type: "folder", from: jsonOfText(from.path) });
  batch.flush();
  batch.carryAssumed(from, to);
}

function removeRow({ log, batch }: Placing, place: Place, isFolder: boolean): void {
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
function noteSources({ log, run, renames }: Placing): void {
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

function markUnreadable({ batch, unreadable }: Placing): void {
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
function sayAssumed(placing: Placing): void {
  const { log, batch, missing } = placing;
  const places = [...batch.assumed.values()].sort((a, b) => b.path.length - a.path.length);
  let left = 0;
  for (const place of places) {
    const row = batch.rowOf(place, true);
    if (row === undefined || !isLive(row)) continue;
    if (place.path !== "" && log.index.countBelow((row as FolderRow).id) === 1) {
      removeRow(placing, place, true);
    } else left++;
  }
  if (left > 0) {
    missing.push(`${left} folders have no object and no record: their attributes are not known`);
  }
}
