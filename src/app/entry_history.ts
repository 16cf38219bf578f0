import type { AnyEvent } from "../core/event/event.ts";
import { fileMovedFrom } from "../core/event/moved_from.ts";
import type { HistoryItem } from "../core/history/history_item.ts";
import { observedChanges } from "../core/history/observed_changes.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { bytesOfText, jsonOfText, splitPath } from "../core/path_text.ts";
import { chainOf, type Mention, observedFact, packedFact, storedFact } from "./entry_chain.ts";
import { carried, pathAfter, placeOf } from "./folder_moves.ts";
import {
  eventAt,
  type HistoryLog,
  type HistorySubject,
  type LifeSegment,
  placeOfRow,
  renameOf,
  rowAt,
} from "./history_log.ts";
import { otherFacts } from "./other_facts.ts";

/**
 * What happened to an entry, oldest first, across its renames and those of folders above it. It
 * follows the positions that the events name as those before them; only events that name none are
 * looked for in the log.
 */
export function entryHistory(of: HistoryLog, subject: HistorySubject): HistoryItem[] {
  const segments: LifeSegment[] = [];
  const mentions: Mention[] = [];
  let row: FolderRow | EntryRow | undefined = subject.row;
  let before: AnyEvent | undefined;
  while (row !== undefined) {
    const chain = stretchOf(of, row, before);
    mentions.unshift(...chain);
    const first: Mention | undefined = chain[0];
    const move: Mention | undefined = first !== undefined && isRename(first) ? first : undefined;
    segments.unshift({ row, since: move?.event.position ?? 0 });
    before = move?.event;
    row = move === undefined ? undefined : rowBefore(of, move);
  }
  const items = [
    ...factsOf(of, mentions),
    ...segments.flatMap((segment, i) => folderMovesOf(of, segment, segments[i + 1]?.since)),
    ...otherFacts(of, segments, mentions),
  ];
  return items.sort((a, b) => a.position - b.position);
}

/**
 * The events about one row, oldest first, down to the one that moved the entry there. Where it was
 * moved away later, those of that run are about what took its place.
 */
function stretchOf(
  of: HistoryLog,
  row: FolderRow | EntryRow,
  movedAway: AnyEvent | undefined,
): Mention[] {
  const found: Mention[] = [];
  for (const mention of chainOf(of, row)) {
    const { position, run } = mention.event;
    if (movedAway !== undefined && (position >= movedAway.position || run === movedAway.run)) {
      continue;
    }
    found.unshift(mention);
    if (isRename(mention)) break;
  }
  return found;
}

/** Files; a folder keeps its row when it is moved. */
function isRename({ observed }: Mention): boolean {
  return observed !== undefined && fileMovedFrom(observed) !== undefined;
}

/** The row that held the entry before: its folder may have moved since. */
function rowBefore(of: HistoryLog, { event, source, observed }: Mention) {
  const from = placeOf(source, fileMovedFrom(observed!)!);
  const { folder, name } = splitPath(from);
  const now = rowAt(of.index, carried(folder, of.moves(), event.position));
  if (now === undefined || !("id" in now)) return rowAt(of.index, from);
  return of.index.tables.findEntry(now.id, bytesOfText(name));
}

function factsOf(of: HistoryLog, mentions: readonly Mention[]): HistoryItem[] {
  let last: Mention["observed"];
  return mentions.map(({ event, path, source, observed, stored, packed, lost }) => {
    const { position, at, run } = event;
    const place = { position, at, run, path };
    if (stored !== undefined) return { ...place, fact: storedFact(event, stored, path) };
    if (packed !== undefined) return { ...place, fact: packedFact(of, event, packed) };
    if (lost !== undefined) return { ...place, fact: { what: "unpacked" as const } };
    if (observed!.change === "removed") {
      const found = renameOf(of, event, path);
      const fact = found && { what: "left" as const, to: jsonOfText(found.to) };
      return { ...place, fact: fact ?? { what: "removed" as const } };
    }
    const fact = observedFact(observed!, source, observedChanges(last, observed!), last);
    if (observed!.mode !== undefined) last = observed;
    return { ...place, fact };
  });
}

/** The entry's path changed because a folder above it was moved. */
function folderMovesOf(
  of: HistoryLog,
  { row, since }: LifeSegment,
  until = of.position + 1,
): HistoryItem[] {
  const own = new Set("id" in row ? row.moves.map((move) => move.until) : []);
  return movesAbove(of, row).filter((at) => at > since && at < until && !own.has(at))
    .flatMap((position) => {
      const path = placeOfRow(of.index, row, position);
      if (path === placeOfRow(of.index, row, position - 1)) return [];
      const event = eventAt(of.log, position);
      if (event === undefined) return [];
      const move = of.moves().findLast((one) =>
        one.position === position && pathAfter(path, { ...one, from: one.to }) !== undefined
      );
      const fact = {
        what: "moved" as const,
        folder: jsonOfText(move?.from ?? ""),
        to: jsonOfText(move?.to ?? ""),
      };
      return [{ position, at: event.at, run: event.run, path, fact }];
    });
}

/** Positions at which a folder that ever was above the row was moved. */
function movesAbove({ index }: HistoryLog, row: FolderRow | EntryRow): number[] {
  const ids = new Set(["id" in row ? row.id : row.folder]);
  const positions = new Set<number>();
  for (const id of ids) {
    const folder = index.tables.folderById(id);
    if (folder === undefined) continue;
    for (const { until } of folder.moves) positions.add(until);
    for (const { parent } of [folder, ...folder.moves]) if (parent !== 0) ids.add(parent);
  }
  return [...positions].sort((a, b) => a - b);
}
