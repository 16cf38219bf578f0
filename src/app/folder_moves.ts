import type { EventData, ObservedEntry } from "../core/event/event.ts";
import { parseLine } from "../core/event/line.ts";
import { fileMovedFrom, folderMovedFrom } from "../core/event/moved_from.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { LogReader } from "../ports/event_log.ts";

/** A folder, or a whole source, that got another path. Paths are "[source/]path". */
export interface FolderMove {
  readonly position: number;
  readonly from: PathText;
  readonly to: PathText;
}

/** A file that the run found under another path. */
export interface FileMove extends FolderMove {
  readonly run: string;
}

/** All between two positions, in order. */
export function folderMoves(log: LogReader, to: number, first = 1): FolderMove[] {
  const moves: FolderMove[] = [];
  for (const { position, source, data } of movingLines(log, first, to)) {
    for (const { folder, entry } of entriesOf(data)) {
      const from = folderMovedFrom(entry);
      if (from === undefined) continue;
      const path = joinPath(placeOf(source, folder), textOfJson(entry.name));
      moves.push({ position, from: placeOf(source, from), to: path });
    }
  }
  for (const event of log.events({ from: first, to, type: "SourceRenamed" })) {
    if (event.type === "SourceRenamed") moves.push({ position: event.position, ...event.data });
  }
  return moves.sort((a, b) => a.position - b.position);
}

/** Those between two positions, in order. */
export function* fileMoves(log: LogReader, first: number, last: number): Generator<FileMove> {
  for (const { position, run, source, data } of movingLines(log, first, last)) {
    for (const { folder, entry } of entriesOf(data)) {
      const from = fileMovedFrom(entry);
      if (from === undefined) continue;
      const to = joinPath(placeOf(source, folder), textOfJson(entry.name));
      yield { position, run, from: placeOf(source, from), to };
    }
  }
}

type Observed = EventData["EntriesObserved"];

const decoder = new TextDecoder();

/** Only the lines that speak of moves are parsed. */
function* movingLines(log: LogReader, from: number, to: number) {
  for (const stored of log.lines({ from, to, type: "EntriesObserved" })) {
    const line = decoder.decode(stored.line);
    if (!line.includes('"from":')) continue;
    const event = parseLine(line, stored.position);
    if (event.type !== "EntriesObserved") continue;
    const { position, run, data } = event;
    yield { position, run, source: data.source, data };
  }
}

function* entriesOf({ folders }: Observed): Generator<{ folder: PathText; entry: ObservedEntry }> {
  for (const { path, entries } of folders) {
    const folder = textOfJson(path);
    for (const entry of entries) if (entry.from !== undefined) yield { folder, entry };
  }
}

/** "[source/]path" of a path from its source's root. */
export function placeOf(source: string, path: PathText): PathText {
  return path === "" ? source : joinPath(source, path);
}

/** The path after a move, undefined where it is not about it. */
export function pathAfter(path: PathText, { from, to }: FolderMove): PathText | undefined {
  if (path === from) return to;
  if (from === "") return joinPath(to, path);
  return path.startsWith(`${from}/`) ? joinPath(to, path.slice(from.length + 1)) : undefined;
}

/** What a path became by the moves after a position, up to another. */
export function carried(
  path: PathText,
  moves: readonly FolderMove[],
  after: number,
  until = Infinity,
): PathText {
  return moves.reduce(
    (place, move) =>
      move.position > after && move.position <= until ? pathAfter(place, move) ?? place : place,
    path,
  );
}
