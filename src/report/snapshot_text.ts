import type { SnapshotRow } from "../core/index/run_fold.ts";
import { displayPath } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";
import { counted, grouped } from "./count_text.ts";
import type { SnapshotRecord } from "./records.ts";
import { type Column, tableLines } from "./table.ts";

/** `snapshots`: a table, oldest first. */
export function snapshotLines(
  rows: readonly SnapshotRow[],
  timeOf: (row: SnapshotRow) => number,
  zone: ZoneOffset,
  since = 0,
): string[] {
  const columns: Column<SnapshotRow>[] = [
    { title: "snapshot", cell: (row) => String(row.position), align: "right" },
    { title: "time", cell: (row) => timeText(timeOf(row), zone) },
    { title: "entries", cell: (row) => grouped(BigInt(row.entries)), align: "right" },
    { title: "size", cell: (row) => formatSize(BigInt(row.bytes)), align: "right" },
    { title: "state", cell: (row) => stateText(row, since) },
  ];
  if (rows.some((row) => row.description !== null)) {
    columns.push({ title: "description", cell: (row) => displayPath(row.description ?? "") });
  }
  return tableLines(columns, rows);
}

/** How much of a snapshot can come back. States before `since` cannot be made on this machine. */
export type SnapshotContent = "complete" | "partial" | "index only";

export function snapshotContent(
  { position, lost, entries }: SnapshotRow,
  since = 0,
): SnapshotContent {
  if (position < since) return "index only";
  if (lost === 0) return "complete";
  return lost >= Number(entries) ? "index only" : "partial";
}

/** `complete`, `partial: 3 entries' content is gone`, with what could not be read. */
export function stateText(row: SnapshotRow, since = 0): string {
  const content = snapshotContent(row, since);
  const what = row.position < since
    ? "index only: its state is not on this machine"
    : content === "partial"
    ? `partial: content of ${counted(row.lost, "entry", "entries")} is gone`
    : content === "index only"
    ? "index only: its content is gone"
    : content;
  const gaps = row.gaps === 0 ? "" : `, ${counted(row.gaps, "gap")}`;
  return what + gaps + (row.forgotten === 0 ? "" : ", forgotten");
}

export function snapshotRecord(row: SnapshotRow, since = 0): SnapshotRecord {
  return {
    record: "snapshot",
    position: row.position,
    at: row.at,
    entries: Number(row.entries),
    bytes: Number(row.bytes),
    gaps: row.gaps,
    sources: JSON.parse(row.sources),
    content: snapshotContent(row, since),
    lost: row.lost,
    forgotten: row.forgotten === 0 ? null : row.forgotten,
    description: row.description,
  };
}
