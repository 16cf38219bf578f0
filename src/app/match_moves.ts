import type { ObservedContent, ObservedEntry } from "../core/event/event.ts";
import { observedContent } from "../core/index/observed_content.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type EntryRow, isLive, UNREADABLE } from "../core/index/rows.ts";
import { joinPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { renameEvidence } from "../core/scan/rename_evidence.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import {
  type DepartedFile,
  departedFiles,
  type Departures,
  missingTest,
  rowName,
} from "./departed_files.ts";
import type { ObservationBatch } from "./observation_batch.ts";
import { unreadRows } from "./unread_rows.ts";

export interface MatchedMoves {
  /** Files that are missing at their old path because they are at another one now. */
  readonly departed: readonly DepartedFile[];
  readonly moved: number;
  readonly linked: number;
}

export interface MatchOptions {
  readonly source: string;
  /** Content is what it was where size and time say so, without reading it. */
  readonly trustMtime: boolean;
  /** Position before the scan. */
  readonly before: number;
  /** The source's times of birth are those of the files. */
  readonly believesBirth: boolean;
}

/**
 * Finds the files that a scan saw under a new path among those that it missed, or saw replaced, at
 * an old one, by file id, and adds what it finds as observations. The content of such a file is
 * where it was; unless size and time are to be trusted, it is read before that is believed, because
 * a rename alone changes ctime, and so nothing else tells that the bytes are the same.
 */
export function matchMoves(
  index: IndexModel,
  departures: Departures,
  batch: ObservationBatch,
  options: MatchOptions,
): MatchedMoves {
  const departed: DepartedFile[] = [];
  let [moved, linked] = [0, 0];
  for (const { old, row } of pairs(index, departures, options)) {
    const evidence = renameEvidence(old.row.stat, row.stat, options.believesBirth);
    if (evidence === undefined) continue;
    const content = evidence === "same" ? contentOf(index, old.row, options.trustMtime) : undefined;
    const { folder, entry } = observation(index, row, "moved", old.path, content);
    batch.add(folder, entry);
    moved++;
    if (old.missing) departed.push(old);
  }
  batch.flush();
  const isMissing = missingTest(index, departures.missing);
  for (const row of pendingFiles(index, options.source)) {
    if (row.links < 2 || row.content.etag !== null || isMissing(row)) continue;
    const other = otherName(index, row, isMissing);
    if (other === undefined) continue;
    const content = contentOf(index, other.row, false);
    const { folder, entry } = observation(index, row, "linked", other.path, content);
    batch.add(folder, entry);
    linked++;
  }
  batch.flush();
  return { departed, moved, linked };
}

interface Pair {
  readonly old: DepartedFile;
  readonly row: EntryRow;
}

/** Whichever side has fewer files is held in memory, the other one streams by. */
function* pairs(
  index: IndexModel,
  departures: Departures,
  { source, before }: MatchOptions,
): Generator<Pair> {
  if (departures.count === 0) return;
  const pending = index.unstoredTotals().files;
  const idOf = (fileSystem: string, row: EntryRow) =>
    `${unpackStat(row.stat).fileId} ${fileSystem}`;
  const idOfPending = (row: EntryRow) => idOf(index.tables.folderById(row.folder)!.fileSystem, row);
  const isMissing = missingTest(index, departures.missing);
  const mayBeMoved = (row: EntryRow) =>
    !departures.sameFile.has(rowName(row)) && !isMissing(row) &&
    (row.position > before || row.content.etag === null);
  const taken = new Set<string>();
  const found: Pair[] = [];
  if (departures.count <= pending) {
    const olds = new Map<string, DepartedFile>();
    for (const old of departedFiles(index, departures)) {
      olds.set(idOf(old.fileSystem, old.row), old);
    }
    for (const row of pendingFiles(index, source)) {
      const id = idOfPending(row);
      const old = olds.get(id);
      if (old === undefined || isItself(old, row) || taken.has(id) || !mayBeMoved(row)) continue;
      taken.add(id);
      found.push({ old, row });
    }
  } else {
    const news = new Map<string, EntryRow>();
    for (const row of pendingFiles(index, source)) {
      if (mayBeMoved(row)) news.set(idOfPending(row), row);
    }
    for (const old of departedFiles(index, departures)) {
      const id = idOf(old.fileSystem, old.row);
      const row = news.get(id);
      if (row === undefined || isItself(old, row) || taken.has(id)) continue;
      taken.add(id);
      found.push({ old, row });
    }
  }
  yield* found;
}

function isItself(old: DepartedFile, row: EntryRow): boolean {
  return rowName(old.row) === rowName(row);
}

/** Files that are not stored as they are now. */
function* pendingFiles(index: IndexModel, source: string): Generator<EntryRow> {
  for (const { isFolder, row } of unreadRows(index, 0)) {
    if (isFolder || row.stat[0] !== FILE_CODE || (row.state & UNREADABLE) !== 0) continue;
    if (index.paths.pathOf(row.folder).source === source) yield row;
  }
}

/** Another live name of the file whose content is in the store, or was until ctime changed. */
function otherName(
  index: IndexModel,
  row: EntryRow,
  isMissing: (row: EntryRow) => boolean,
): { row: EntryRow; path: PathText } | undefined {
  const { tables, paths } = index;
  const { fileId } = unpackStat(row.stat);
  const { fileSystem } = tables.folderById(row.folder)!;
  for (const member of tables.linkGroup(fileSystem, fileId)) {
    const other = tables.findEntry(member.folder, member.name);
    if (!isLive(other) || other.content.etag === null) {
      continue;
    }
    if (isMissing(other)) continue;
    if (other.content.sha256 === null || renameEvidence(other.stat, row.stat) !== "same") continue;
    return { row: other, path: joinPath(paths.pathOf(other.folder).path, textOfBytes(other.name)) };
  }
  return undefined;
}

function contentOf(index: IndexModel, old: EntryRow, isTrusted: boolean): ObservedContent {
  const stored = Math.abs(old.content.stored);
  return observedContent(index.keys.ofEntry(old), old.content, isTrusted ? stored : -stored);
}

function observation(
  index: IndexModel,
  row: EntryRow,
  change: "moved" | "linked",
  from: PathText,
  content: ObservedContent | undefined,
): { folder: PathText; entry: ObservedEntry } {
  const entry = observedOfStat(textOfBytes(row.name), change, row.stat, {
    links: row.links,
    attributes: row.attributes,
    prev: row.position,
  });
  entry.from = jsonOfText(from);
  entry.evidence = "file id";
  if (content !== undefined) entry.content = content;
  return { folder: index.paths.pathOf(row.folder).path, entry };
}
