import type { Cost } from "../core/cost/cost.ts";
import { moneyText } from "../core/cost/money_text.ts";
import type { RestoreQuote } from "../core/cost/quote_restore.ts";
import type { StorageTally } from "../core/cost/storage_tally.ts";
import { requestsIn, type RunTally } from "../core/cost/price_run.ts";
import type { RunRow } from "../core/index/run_fold.ts";
import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { grouped } from "./count_text.ts";
import { moneyFields } from "./cost_text.ts";
import type { RunCostRecord, StoredCostRecord } from "./records.ts";
import { tableLines } from "./table.ts";

/** What is stored of one class or folder, and its price for a month. */
export interface PricedStorage {
  readonly objects: number;
  readonly bytes: number;
  readonly cost: Cost;
}

/** Above the lines of storedLine. */
export const STORED_HEAD = columns(["objects", "size", "a month"], "");

/** `     1,204    3.2 GiB      $0.07  DEEP_ARCHIVE`: all lines have the same columns. */
export function storedLine({ objects, bytes, cost }: PricedStorage, label: string): string {
  return columns([grouped(objects), formatSize(Math.round(bytes)), moneyText(cost.total)], label);
}

export function folderLabel(path: PathText): string {
  return path === "" ? "./" : `${displayPath(path)}/`;
}

function columns(cells: readonly string[], label: string): string {
  const widths = [11, 9, 12];
  return [...cells.map((cell, i) => cell.padStart(widths[i])), label].join("  ").trimEnd();
}

export function storedCostRecord(
  path: PathText | undefined,
  { storageClass, objects, bytes }: Readonly<StorageTally>,
  { total }: Cost,
): StoredCostRecord {
  return {
    record: "stored-cost",
    path: path === undefined ? null : jsonOfText(path),
    ...{ storage_class: storageClass, objects, bytes: Math.round(bytes) },
    ...moneyFields(total),
  };
}

export interface TierQuote {
  readonly tier: string;
  readonly quote: RestoreQuote;
}

/** What restoring everything costs, a line a tier; one line where nothing has to be warmed up. */
export function restoreCostLines(quotes: readonly TierQuote[]): string[] {
  return tableLines([
    { title: "tier", cell: ({ tier }) => tier },
    { title: "price", cell: ({ quote }) => moneyText(quote.total), align: "right" },
    { title: "wait", cell: ({ quote }) => waitText(quote) },
  ], quotes);
}

/** Classes that lack the tier are asked with another one: that is said. */
export function waitText({ wait, groups }: RestoreQuote): string {
  if (wait === undefined) return "none";
  const slower = groups.filter(({ isSlower }) => isSlower)
    .map(({ group, tier }) => `${group.storageClass} by ${tier}`);
  return slower.length === 0 ? wait.text : `${wait.text}: ${slower.join(", ")}`;
}

export interface PricedRun {
  readonly run: RunRow;
  readonly tally: RunTally;
  readonly cost: Cost;
}

export function runCostLines(
  runs: readonly PricedRun[],
  timeOf: (run: RunRow) => string,
): string[] {
  return tableLines([
    { title: "run", cell: ({ run }) => timeOf(run) },
    { title: "command", cell: ({ run }) => run.command },
    { title: "requests", cell: ({ tally }) => grouped(requestsIn(tally)), align: "right" },
    { title: "stored", cell: ({ tally }) => formatSize(storedIn(tally).bytes), align: "right" },
    { title: "about", cell: ({ cost }) => moneyText(cost.total), align: "right" },
  ], runs);
}

export function runCostRecord({ run, tally, cost }: PricedRun): RunCostRecord {
  return {
    ...{ record: "run-cost", run: run.run, command: run.command, at: run.started },
    ...{ ...storedIn(tally), requests: requestsIn(tally) },
    ...moneyFields(cost.total),
  };
}

function storedIn({ uploads }: RunTally): { objects: number; bytes: number } {
  let [objects, bytes] = [0, 0];
  for (const tally of uploads.values()) {
    objects += tally.objects;
    bytes += tally.bytes;
  }
  return { objects, bytes };
}
