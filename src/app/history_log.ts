import type { AnyEvent } from "../core/event/event.ts";
import { entryAt } from "../core/index/row_at.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel, LogReader } from "../ports/event_log.ts";
import { type FileMove, fileMoves, type FolderMove, folderMoves, placeOf } from "./folder_moves.ts";

export interface HistoryLog {
  readonly log: LogReader;
  readonly index: IndexModel;
  /** Last position that is looked at. */
  readonly position: number;
  /** Read when first asked for: most histories need none. */
  readonly moves: () => readonly FolderMove[];
}

export function historyLog(log: LogReader, index: IndexModel, position: number): HistoryLog {
  let moves: FolderMove[] | undefined;
  return { log, index, position, moves: () => moves ??= folderMoves(log, position) };
}

export interface HistorySubject {
  readonly kind: "found";
  readonly row: FolderRow | EntryRow;
  /** Where it is now or was last. */
  readonly path: PathText;
}

/** A stretch of an entry's life under one row of the index: between two renames. */
export interface LifeSegment {
  readonly row: FolderRow | EntryRow;
  /** Position of the event that moved it here, 0 where it began here. */
  readonly since: number;
}

/** The row of a path, whether its entry is there or was removed. */
export function rowAt(index: IndexModel, place: PathText): FolderRow | EntryRow | undefined {
  for (const { name: source } of index.sources()) {
    if (source !== "" && place !== source && !place.startsWith(`${source}/`)) continue;
    const path = source === "" ? place : place.slice(source.length + 1);
    const folder = index.paths.find(source, path);
    if (folder !== undefined && isLive(folder)) return folder;
    const entry = path === "" ? undefined : entryAt(index, source, path);
    if (entry !== undefined && (isLive(entry) || folder === undefined)) return entry;
    if (folder !== undefined && entry !== undefined) {
      return entry.position > folder.position ? entry : folder;
    }
    if (folder !== undefined) return folder;
  }
  return undefined;
}

/** Where the scan that recorded a removal found the file again. */
export function renameOf(
  { log, index, position }: HistoryLog,
  removal: AnyEvent,
  path: PathText,
): FileMove | undefined {
  const first = index.tables.run(removal.run)?.position ?? removal.position;
  for (const move of fileMoves(log, first, scanEnd(log, removal.position, position))) {
    if (move.run === removal.run && move.from === path) return move;
  }
  return undefined;
}

function scanEnd(log: LogReader, from: number, to: number): number {
  for (const { position } of log.lines({ from, to, type: "ScanCompleted" })) return position;
  return to;
}

/** "[source/]path" of a row as it was at a position. */
export function placeOfRow(
  { keys }: IndexModel,
  row: FolderRow | EntryRow,
  position: number,
): PathText {
  const { source, path } = keys.placeAt("id" in row ? row.id : row.folder, position);
  const folder = placeOf(source, path);
  return "id" in row ? folder : joinPath(folder, textOfBytes(row.name));
}

export function eventAt(log: LogReader, position: number): AnyEvent | undefined {
  for (const event of log.events({ from: position, to: position })) return event;
  return undefined;
}
