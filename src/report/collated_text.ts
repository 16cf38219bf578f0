import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { grouped } from "./count_text.ts";
import type { CollatedRecord } from "./records.ts";

/** `ls --collate`: counts and bytes of a folder. */
export interface ShownTotals {
  /** "" for the root. */
  readonly path: PathText;
  readonly entries: number;
  readonly files: number;
  readonly bytes: bigint;
  readonly storedBytes: bigint;
}

/** What is above the lines. */
export const COLLATED_HEAD = columns(["entries", "files", "size", "stored"], "folder");

/** `     1,204        1,100    3.2 GiB    3.2 GiB  photos/`: all lines have the same columns. */
export function collatedLine(totals: ShownTotals, label = folderText(totals.path)): string {
  const { entries, files, bytes, storedBytes } = totals;
  const cells = [grouped(entries), grouped(files), formatSize(bytes), formatSize(storedBytes)];
  return columns(cells, label);
}

function columns(cells: readonly string[], label: string): string {
  const widths = [11, 11, 9, 9];
  return [...cells.map((cell, i) => cell.padStart(widths[i])), label].join("  ");
}

function folderText(path: PathText): string {
  return path === "" ? "./" : `${displayPath(path)}/`;
}

export function collatedRecord(totals: ShownTotals): CollatedRecord {
  const { path, entries, files, bytes, storedBytes } = totals;
  return {
    record: "collated",
    path: jsonOfText(path),
    ...{ entries, files, bytes: Number(bytes), stored_bytes: Number(storedBytes) },
  };
}
