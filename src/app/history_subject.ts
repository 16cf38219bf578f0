import { type EntryRow, isLive } from "../core/index/rows.ts";
import type { PathText } from "../core/path_text.ts";
import { chainOf } from "./entry_chain.ts";
import { entryHistory } from "./entry_history.ts";
import { findListed, type Unlisted } from "./find_listed.ts";
import { carried, fileMoves, pathAfter } from "./folder_moves.ts";
import { type HistoryLog, type HistorySubject, renameOf, rowAt } from "./history_log.ts";

/**
 * The entry that a path names, or that it named last: one that was removed, or one that has another
 * path now, by its own renames or by those of folders above it.
 */
export function historySubject(of: HistoryLog, path: PathText): HistorySubject | Unlisted {
  return subjectOf(of, path, { asked: path, tried: new Set() }) ??
    (findListed(of.index, path) as Unlisted);
}

interface Search {
  readonly asked: PathText;
  readonly tried: Set<PathText>;
}

function subjectOf(of: HistoryLog, path: PathText, search: Search): HistorySubject | undefined {
  const { asked, tried } = search;
  if (tried.has(path)) return undefined;
  tried.add(path);
  const row = rowAt(of.index, path);
  const subject = row === undefined ? undefined : { kind: "found" as const, row, path };
  if (subject !== undefined && isLive(subject.row)) {
    if (path === asked || everHad(of, subject, asked)) return subject;
  }
  if (row !== undefined && !("id" in row)) {
    const target = renamedFrom(of, row, search);
    if (target === "removed") return subject;
    const found = target === undefined ? undefined : subjectOf(of, target, search);
    if (found !== undefined) return found;
  }
  for (const target of movedWithFolder(of, path)) {
    const found = subjectOf(of, target, search);
    if (found !== undefined) return found;
  }
  return row !== undefined && !isLive(row) ? subject : undefined;
}

/** Whether what is there now had the path, and not another one of the same name before it. */
function everHad(of: HistoryLog, subject: HistorySubject, path: PathText): boolean {
  const items = entryHistory(of, subject);
  const begin = items.findLastIndex(({ fact }) => fact.what === "seen" || fact.what === "left");
  return items.slice(Math.max(0, begin)).some((item) =>
    item.path === path && item.fact.what !== "left"
  );
}

/**
 * Where the file is that this row held last under one of the tried paths: the scan that recorded its
 * removal says where it was found again. "removed" where nothing followed.
 */
function renamedFrom(of: HistoryLog, row: EntryRow, { tried }: Search) {
  for (const { event, path, observed } of chainOf(of, row)) {
    if (observed?.change !== "removed" || !tried.has(path)) continue;
    const found = renameOf(of, event, path);
    if (found !== undefined) return followed(of, found.to, found);
    return event.position === row.position ? "removed" as const : undefined;
  }
  return undefined;
}

/** The path of a file that had one at a position, after all moves since. */
function followed(
  of: HistoryLog,
  start: PathText,
  since: { readonly position: number; readonly run?: string },
): PathText {
  let path = start;
  let { position: known, run } = since;
  for (const move of fileMoves(of.log, known, of.position)) {
    path = carried(path, of.moves(), known, move.position);
    known = move.position;
    if (move.from !== path || move.run === run) continue;
    path = move.to;
    run = move.run;
  }
  return carried(path, of.moves(), known);
}

/** Where the moves of folders above it have carried a path, the newest move first. */
function* movedWithFolder(of: HistoryLog, path: PathText): Generator<PathText> {
  for (const move of of.moves().toReversed()) {
    const after = pathAfter(path, move);
    if (after !== undefined) yield followed(of, after, { position: move.position });
  }
}
