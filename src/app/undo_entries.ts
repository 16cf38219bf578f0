import type { ObservedContent, ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type EntryRow, UNSETTLED, UNSTABLE } from "../core/index/rows.ts";
import { joinPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { Notes } from "../ports/work_tables.ts";
import { eachInParallel } from "./in_parallel.ts";
import { type ContentSearch, findContent } from "./undo_content.ts";
import { pathOfRow, type PlaceOfRow } from "./undo_rows.ts";
import type { UndoWriter } from "./undo_writer.ts";

export interface EntryUndo extends ContentSearch {
  readonly writer: UndoWriter;
  /** Paths of entries that will be removed, by the content that they have (claimName). */
  readonly claims: Notes;
  readonly told: (step: "revert" | "remove" | "lost", place: PathText) => void;
}

export interface RevertedEntry {
  readonly former: EntryRow;
  readonly now: EntryRow;
}

const HEADS = 16;

/** By key and position of the event that stored it. */
export function claimName(key: string, stored: number): string {
  return `${Math.abs(stored)} ${key}`;
}

/** Gives entries back what they were, with their content where that is now; lost ones stay as they are. */
export async function revertEntries(
  undo: EntryUndo,
  entries: readonly RevertedEntry[],
): Promise<void> {
  const contents = new Map<RevertedEntry, ObservedContent>();
  const stored = entries.filter(({ former }) => former.content.stored > 0);
  await eachInParallel(stored, HEADS, async (entry) => {
    const content = await findContent(undo, entry.former, entry.now);
    if (content !== undefined) contents.set(entry, content);
  });
  for (const entry of entries) {
    const content = contents.get(entry);
    const at = pathOfRow(undo.log.index, entry.now);
    if (content === undefined && entry.former.content.stored > 0) {
      undo.told("lost", at.place);
      continue;
    }
    undo.writer.add(at.source, at.folder, observationOf(undo, entry, at, content));
    undo.told("revert", at.place);
  }
}

function observationOf(
  { claims }: EntryUndo,
  { former, now }: RevertedEntry,
  { source, name }: PlaceOfRow,
  content: ObservedContent | undefined,
): ObservedEntry {
  const { stat, links, target, attributes, state } = former;
  const entry = observedOfStat(name, "reverted", stat, {
    ...{ links, attributes, prev: now.position },
    ...(target === null ? {} : { target: textOfBytes(target) }),
  });
  if ((state & (UNSETTLED | UNSTABLE)) !== 0) entry.racy = true;
  if (content === undefined) return entry;
  entry.content = content;
  if (content.key === undefined) return entry;
  const claim = claims.get(claimName(content.key, content.stored));
  if (claim === undefined) return entry;
  const from = JSON.parse(claim) as { source: string; path: ObservedEntry["name"] };
  if (from.source === source) entry.from = from.path;
  return entry;
}

export function noteClaim({ log, claims }: EntryUndo, row: EntryRow): void {
  if (row.content.etag === null) return;
  const { source, folder, name } = pathOfRow(log.index, row);
  const path = jsonOfText(joinPath(folder, name));
  const key = log.index.keys.ofEntry(row);
  claims.set(claimName(key, row.content.stored), JSON.stringify({ source, path }));
}

/** Entries that the run has added. */
export function removeEntry({ log, writer, told }: EntryUndo, row: EntryRow): void {
  const { source, folder, name, place } = pathOfRow(log.index, row);
  writer.add(source, folder, {
    ...{ name: jsonOfText(name), change: "removed", type: typeAt(row.stat), prev: row.position },
  });
  told("remove", place);
}
