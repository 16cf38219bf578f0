import type { SnapshotRow } from "../core/index/run_fold.ts";
import { formatSize } from "../core/size_text.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";
import { grouped } from "./count_text.ts";
import type { SnapshotRecord } from "./records.ts";
import { tableLines } from "./table.ts";

/** `snapshots`: a table, oldest first. */
export function snapshotLines(
  rows: readonly SnapshotRow[],
  timeOf: (row: SnapshotRow) => number,
  zone: ZoneOffset,
): string[] {
  return tableLines([
    { title: "snapshot", cell: (row) => String(row.position), align: "right" },
    { title: "time", cell: (row) => timeText(timeOf(row), zone) },
    { title: "entries", cell: (row) => grouped(BigInt(row.entries)), align: "right" },
    { title: "size", cell: (row) => formatSize(BigInt(row.bytes)), align: "right" },
    { title: "gaps", cell: (row) => grouped(row.gaps), align: "right" },
  ], rows);
}

export function snapshotRecord(row: SnapshotRow): SnapshotRecord {
  return {
    record: "snapshot",
    position: row.position,
    at: row.at,
    entries: Number(row.entries),
    bytes: Number(row.bytes),
    gaps: row.gaps,
    sources: JSON.parse(row.sources),
  };
}
