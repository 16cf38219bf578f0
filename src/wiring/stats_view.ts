import type { JobStats, SourceStats } from "../app/job_stats.ts";
import { displayPath, jsonOfText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { ENTRY_TYPES, type EntryType } from "../core/stat_record.ts";
import { grouped } from "../report/count_text.ts";
import type { FactsRecord, FactValue } from "../report/records.ts";
import { factLines, tableLines } from "../report/table.ts";

export interface StatsView {
  readonly stats: JobStats;
  readonly databaseBytes: number;
}

const PLURALS: { readonly [type in EntryType]: string } = {
  file: "files",
  folder: "folders",
  symlink: "symlinks",
  block: "block devices",
  char: "char devices",
  fifo: "FIFOs",
};

export function statsLines(view: StatsView): string[] {
  const { stats, databaseBytes } = view;
  const log = logTotals(view);
  const entries = entryCount(view);
  const perEntry = entries === 0
    ? ""
    : `, ${grouped(Math.round(databaseBytes / entries))} B an entry`;
  return [
    ...stats.sources.flatMap((source) => [...factLines(sourceFacts(source)), ""]),
    ...(stats.largest.length === 0 ? [] : [
      ...tableLines([
        { title: "size", cell: ({ bytes }) => formatSize(bytes), align: "right" },
        { title: "largest files", cell: ({ path }) => displayPath(path) },
      ], stats.largest),
      "",
    ]),
    ...tableLines([
      { title: "events", cell: ({ events }) => grouped(events), align: "right" },
      { title: "stored", cell: ({ bytes }) => formatSize(bytes), align: "right" },
      { title: "type", cell: ({ type }) => type },
    ], [...stats.events, { type: "in all", ...log }]),
    "",
    ...factLines([["database", `${formatSize(databaseBytes)}${perEntry}`]]),
  ];
}

function sourceFacts({ name, counts, bytes, storedBytes }: SourceStats) {
  const shown = ENTRY_TYPES.filter((type) => counts[type] > 0 || type === "file");
  return [
    ...(name === "" ? [] : [["source", name] as const]),
    ...shown.map((type) => [PLURALS[type], grouped(counts[type])] as const),
    ["content", formatSize(bytes)] as const,
    ["stored", formatSize(storedBytes)] as const,
  ];
}

export function statsRecord(view: StatsView): FactsRecord {
  const { stats, databaseBytes } = view;
  const log = logTotals(view);
  const entries = entryCount(view);
  return {
    record: "stats",
    entries,
    sources: stats.sources.map(({ name, counts, bytes, storedBytes }) => ({
      ...{ name, counts: { ...counts } },
      ...{ bytes: Number(bytes), stored_bytes: Number(storedBytes) },
    })),
    largest: stats.largest.map(({ path, bytes }) => ({
      path: jsonOfText(path) as FactValue,
      bytes: Number(bytes),
    })),
    events: stats.events.map(({ type, events, bytes }) => ({ type, events, bytes })),
    log_events: log.events,
    log_bytes: log.bytes,
    database_bytes: databaseBytes,
    database_bytes_per_entry: entries === 0 ? null : Math.round(databaseBytes / entries),
  };
}

function entryCount({ stats }: StatsView): number {
  return stats.sources.reduce(
    (sum, { counts }) => sum + Object.values(counts).reduce((a, b) => a + b, 0),
    0,
  );
}

function logTotals({ stats }: StatsView): { events: number; bytes: number } {
  return stats.events.reduce(
    (sum, { events, bytes }) => ({ events: sum.events + events, bytes: sum.bytes + bytes }),
    { events: 0, bytes: 0 },
  );
}
