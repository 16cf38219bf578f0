import { HoldfastError } from "../core/error.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import {
  compareBytes,
  displayPath,
  joinPath,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import type { IndexModel, JobLog, Unstored } from "../ports/event_log.ts";

/** A row before the run, right after it, and now. */
export interface UndoStates {
  readonly log: JobLog;
  readonly before: IndexModel;
  readonly after: IndexModel;
}

/** What has to be done about a row that the run touched. */
export type UndoStep = "nothing" | "revert" | "remove";

/**
 * Throws kind "guard" where a later run has seen the entry otherwise than the run left it: what that
 * run did has to be undone first.
 */
export function undoStep({ log, before, after }: UndoStates, touched: Unstored): UndoStep {
  const former = live(sameRow(before, touched));
  const left = sameRow(after, touched);
  const now = sameRow(log.index, touched);
  if (now === undefined || isAsBefore(former, now)) return "nothing";
  if (left === undefined || !isSameSight(left, now)) {
    // A later time of a folder, of what came into it since, is left as it is.
    if (former !== undefined && isInPlace(left, now)) return "nothing";
    refuseLater(log, now);
  }
  const states = { log, before, after };
  if (former !== undefined) checkPlace(states, former);
  else if ("parent" in now) checkChildren(states, now);
  return former === undefined ? "remove" : "revert";
}

/** What is put back needs its folder, and its name for itself: no later run may have taken these. */
function checkPlace({ log, after }: UndoStates, former: EntryRow | FolderRow): void {
  const { tables } = log.index;
  const { name } = former;
  const holder = tables.folderById("parent" in former ? former.parent : former.folder);
  if (holder === undefined) return; // a root
  const isLater = live(holder) === undefined &&
    live(after.tables.folderById(holder.id)) !== undefined;
  if (isLater) refuseLater(log, holder);
  const folder = live(tables.findFolder(holder.id, name));
  const isOther = folder !== undefined && !("parent" in former && former.id === folder.id);
  if (isOther && !isAt(after.tables.folderById(folder.id), folder)) refuseLater(log, folder);
  const entry = "parent" in former ? live(tables.findEntry(holder.id, name)) : undefined;
  if (entry === undefined) return;
  if (live(after.tables.findEntry(holder.id, name)) === undefined) refuseLater(log, entry);
}

function isAt(left: FolderRow | undefined, now: FolderRow): boolean {
  return live(left) !== undefined && isSamePlace(left!, now);
}

export function sameRow(
  { tables }: IndexModel,
  { row }: Unstored,
): EntryRow | FolderRow | undefined {
  return "parent" in row ? tables.folderById(row.id) : tables.findEntry(row.folder, row.name);
}

export function live<Row extends EntryRow | FolderRow>(row: Row | undefined): Row | undefined {
  return !isLive(row) ? undefined : row;
}

function isAsBefore(former: EntryRow | FolderRow | undefined, now: EntryRow | FolderRow): boolean {
  if (former === undefined) return live(now) === undefined;
  if (!isSameSight(former, now)) return false;
  const [a, b] = [former.content, now.content];
  // A content that was stored since, of what was seen before, is no loss.
  if ("parent" in former || a.stored <= 0 || b.stored <= 0) return true;
  return a.sha256 === null || b.sha256 === null
    ? a.sha256 === b.sha256
    : compareBytes(a.sha256, b.sha256) === 0;
}

/** Whether both say the same of an entry, wherever its content is. */
function isSameSight(a: EntryRow | FolderRow, b: EntryRow | FolderRow): boolean {
  const [isLive, isLiveToo] = [live(a) !== undefined, live(b) !== undefined];
  if (!isLive && !isLiveToo) return true;
  if (isLive !== isLiveToo || compareBytes(a.stat, b.stat) !== 0) return false;
  if (a.attributes !== b.attributes) return false;
  if ("parent" in a || "parent" in b) return "parent" in a && "parent" in b && isSamePlace(a, b);
  return a.links === b.links && compareBytes(a.target ?? NOTHING, b.target ?? NOTHING) === 0;
}

const NOTHING = new Uint8Array(0);

export function isSamePlace(a: FolderRow, b: FolderRow): boolean {
  return a.parent === b.parent && compareBytes(a.name, b.name) === 0;
}

function isInPlace(left: EntryRow | FolderRow | undefined, now: EntryRow | FolderRow): boolean {
  if (live(left) === undefined || live(now) === undefined) return false;
  return "parent" in now && isSamePlace(left as FolderRow, now);
}

/** Of a folder that the run has added: what came into it later would be lost with it. */
function checkChildren({ log, after }: UndoStates, folder: FolderRow): void {
  const { tables } = log.index;
  for (const row of tables.foldersIn(folder.id)) {
    const left = after.tables.folderById(row.id);
    if (live(row) && (left === undefined || !isSamePlace(left, row))) refuseLater(log, row);
  }
  for (const row of tables.entriesIn(folder.id)) {
    const left = after.tables.findEntry(folder.id, row.name);
    if (live(row) !== undefined && live(left) === undefined) refuseLater(log, row);
  }
}

/** Unless an undo of this run, cut off, has been there already. */
function refuseLater(log: JobLog, row: EntryRow | FolderRow): void {
  const { position } = row;
  const [event] = log.events({ from: position, to: position });
  const run = event?.run ?? "";
  if (log.index.tables.run(run)?.command === "undo") return;
  const path = displayPath(pathOfRow(log.index, row).place) || "the source's folder";
  throw new HoldfastError("guard", `run ${run.slice(0, 8)} has changed ${path} since`, {
    context: { run, position, path },
    hint: `undo that one first: holdfast undo ${run.slice(0, 8)}; nothing was changed`,
  });
}

export interface PlaceOfRow {
  readonly source: string;
  /** Of the folder that holds it; "" also for a root itself. */
  readonly folder: PathText;
  readonly name: PathText;
  /** "[source/]path". */
  readonly place: PathText;
}

export function pathOfRow({ paths }: IndexModel, row: EntryRow | FolderRow): PlaceOfRow {
  if ("parent" in row && row.parent === 0) {
    const source = textOfBytes(row.name);
    return { source, folder: "", name: "", place: source };
  }
  const { source, path: folder } = paths.pathOf("parent" in row ? row.parent : row.folder);
  const name = textOfBytes(row.name);
  return { source, folder, name, place: joinPath(source, joinPath(folder, name)) };
}
