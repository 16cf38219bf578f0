import type { AnyEvent, EventData } from "../core/event/event.ts";
import { folderMovedFrom } from "../core/event/moved_from.ts";
import { type PathText, textOfJson } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import { type EntryType, typeAt } from "../core/stat_record.ts";
import type { IndexModel, LogReader } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";
import { placeOf } from "./folder_moves.ts";
import { fits, type Wanted } from "./find_entries.ts";
import { findListed } from "./find_listed.ts";
import { type ListedRow, listEntries } from "./list_entries.ts";

/** A path that fitted, and when it did: positions, `until` exclusive, undefined for still. */
export interface FoundRanges {
  readonly path: PathText;
  readonly type: EntryType;
  readonly ranges: readonly { readonly from: number; readonly until: number | undefined }[];
}

/**
 * Every path that ever fitted, in the order in which they first did. One replay of the log: only
 * what an event names is looked at, and below a moved folder all that is in it.
 */
export function findRanges(
  log: LogReader,
  replayer: Replayer,
  wanted: Wanted,
  emit: SignalSink,
): FoundRanges[] {
  emit({ kind: "phase", name: "replay" });
  const total = log.head().position;
  const replay = replayer.begin(log);
  const ranges = rangeTracker(replay.index, wanted);
  try {
    if (log.base !== undefined) ranges.takeAll(log.base.since);
    for (const event of log.events()) {
      replay.project(event);
      ranges.take(event);
      if (event.position % 256 === 0) emit({ kind: "replay", done: event.position, total });
    }
    return ranges.found();
  } finally {
    replay.close();
  }
}

interface Tracked {
  type: EntryType;
  readonly ranges: { from: number; until: number | undefined }[];
}

function rangeTracker(index: IndexModel, wanted: Wanted) {
  const tracked = new Map<PathText, Tracked>();

  function open(path: PathText, row: ListedRow, position: number): void {
    const type = typeAt(row.stat);
    const known = tracked.get(path);
    if (known === undefined) {
      tracked.set(path, { type, ranges: [{ from: position, until: undefined }] });
    } else {
      known.type = type;
      const isOpen = known.ranges.at(-1)!.until === undefined;
      if (!isOpen) known.ranges.push({ from: position, until: undefined });
    }
  }

  function close(path: PathText, position: number): void {
    const last = tracked.get(path)?.ranges.at(-1);
    if (last !== undefined) last.until ??= position;
  }

  function look(path: PathText, position: number): void {
    if (!wanted.matchers.some((matches) => matches(path))) return;
    const listed = findListed(index, path);
    const isThere = (listed.kind === "entry" || listed.kind === "folder") &&
      fits(path, listed.row, wanted);
    if (isThere) open(path, listed.row, position);
    else close(path, position);
  }

  function moved(from: PathText, to: PathText, position: number): void {
    for (const path of tracked.keys()) {
      if (from === "" || path === from || path.startsWith(`${from}/`)) close(path, position);
    }
    look(to, position);
    const listed = findListed(index, to);
    if (listed.kind === "missing") return;
    for (const { path, row } of listEntries(index, listed, { recursive: true })) {
      if (fits(path, row, wanted)) open(path, row, position);
    }
  }

  function observed(data: EventData["EntriesObserved"], position: number): void {
    const { source } = data;
    for (const group of data.folders) {
      const folder = placeOf(source, textOfJson(group.path));
      for (const entry of group.entries) {
        const path = placeOf(folder, textOfJson(entry.name));
        const from = folderMovedFrom(entry);
        if (from !== undefined) moved(placeOf(source, from), path, position);
        else look(path, position);
      }
    }
  }

  return {
    /** All that is there at a position: when it came is not known. */
    takeAll(position: number): void {
      for (const { path, row } of listEntries(index, { kind: "root" }, { recursive: true })) {
        if (fits(path, row, wanted)) open(path, row, position);
      }
    },
    take(event: AnyEvent): void {
      if (event.type === "EntriesObserved") observed(event.data, event.position);
      else if (event.type === "SourceRenamed") {
        moved(event.data.from, event.data.to, event.position);
      }
    },
    found: (): FoundRanges[] => [...tracked].map(([path, rest]) => ({ path, ...rest })),
  };
}
