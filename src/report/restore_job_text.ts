import { usdOf } from "../core/cold/billionths.ts";
import { usdText } from "../core/cost/money_text.ts";
import { RENAMES_JOB, type RestoreJobRow } from "../core/index/restore_rows.ts";
import { displayPath, textOfJson } from "../core/path_text.ts";
import { formatDuration, formatSize } from "../core/size_text.ts";
import { isoTime, timeOfIso, timeText, type ZoneOffset } from "../core/time_text.ts";
import { counted, grouped } from "./count_text.ts";
import type { RestoreRecord } from "./records.ts";
import { factLines, tableLines } from "./table.ts";

/** A restore with what the store says of its objects. Times in milliseconds since 1970, 0 for none. */
export interface ShownRestore {
  readonly row: RestoreJobRow;
  readonly objects: Readonly<Record<"cold" | "warming" | "warm", number>>;
  readonly bytes: Readonly<Record<"cold" | "warming" | "warm", number>>;
  /** When the last object that is warming should be warm. */
  readonly eta: number;
  /** When the first restored copy goes. */
  readonly expiry: number;
  /** Requests made on its behalf for objects that it still needs. */
  readonly requests: number;
}

/** `restores`: a table. */
export function restoreLines(
  restores: readonly ShownRestore[],
  now: number,
  zone: ZoneOffset,
): string[] {
  const number = (of: (shown: ShownRestore) => number) => (shown: ShownRestore) =>
    grouped(of(shown));
  return tableLines([
    { title: "restore", cell: ({ row }) => `${row.job}`, align: "right" },
    { title: "state", cell: ({ row }) => stateText(row) },
    { title: "cold", cell: number(({ objects }) => objects.cold), align: "right" },
    { title: "warming", cell: number(({ objects }) => objects.warming), align: "right" },
    { title: "warm", cell: number(({ objects }) => objects.warm), align: "right" },
    { title: "archived", cell: ({ row }) => formatSize(row.objectBytes), align: "right" },
    { title: "written", cell: ({ row }) => formatSize(row.written), align: "right" },
    { title: "warm in", cell: ({ eta }) => untilText(eta, now), align: "right" },
    { title: "first expiry", cell: ({ expiry }) => expiry === 0 ? "" : timeText(expiry, zone) },
    { title: "to", cell: ({ row }) => targetOf(row) },
  ], restores);
}

/** `restores show`. */
export function restoreFacts(shown: ShownRestore, now: number, zone: ZoneOffset): string[] {
  const { row, objects, bytes, eta, expiry, requests } = shown;
  const time = (iso: string) => timeText(timeOfIso(iso), zone);
  const money = (billionths: number | null) =>
    billionths === null ? "unknown" : usdText(usdOf(billionths));
  const archived = row.objects === 0 ? [] : [
    ["tier", `${row.tier.toLowerCase()}, copies kept for ${counted(row.days, "day")}`],
    ["archived", `${counted(row.objects, "object")}, ${formatSize(row.objectBytes)}`],
    ["price", `${money(row.quoted)} quoted, ${money(row.approved)} approved`],
    ...(row.extra > 0 ? [["asked again", money(row.extra)]] : []),
    ...(["cold", "warming", "warm"] as const).map((state) => [
      state,
      `${counted(objects[state], "object")}, ${formatSize(bytes[state])}`,
    ]),
    ["requests", grouped(requests)],
    ["warm in", untilText(eta, now)],
    ["first expiry", expiry === 0 ? "" : timeText(expiry, zone)],
  ] as [string, string][];
  return factLines([
    ["restore", `${row.job}`],
    ["state", stateText(row)],
    ["begun", time(row.at)],
    ...(row.ended === null ? [] : [["ended", time(row.ended)] as [string, string]]),
    ["to", targetOf(row)],
    ["of", `position ${row.restored}: ${selectionText(row)}`],
    [
      "in all",
      `${counted(BigInt(row.entries), "entry", "entries")}, ${formatSize(BigInt(row.bytes))}`,
    ],
    ["written", formatSize(row.written)],
    ...archived,
  ]);
}

function stateText({ state, outcome }: RestoreJobRow): string {
  if (state !== "finished") return state;
  return outcome === 0 ? "done" : `exit code ${outcome}`;
}

function untilText(time: number, now: number): string {
  if (time === 0) return "";
  return time <= now ? "due" : formatDuration(time - now);
}

function targetOf({ job, target }: RestoreJobRow): string {
  if (job === RENAMES_JOB) return "the keys of the paths of moved files";
  return displayPath(textOfJson(JSON.parse(target)));
}

function selectionText({ selection }: RestoreJobRow): string {
  const { paths, include, exclude } = JSON.parse(selection);
  const shown = paths.length === 0 ? "everything" : paths.map(textOfJson).map(displayPath);
  return [
    shown,
    ...(include.length === 0 ? [] : [`only ${include.join(" ")}`]),
    ...(exclude.length === 0 ? [] : [`without ${exclude.join(" ")}`]),
  ].join(", ");
}

export function restoreRecord(
  { row, objects, bytes, eta, expiry, requests }: ShownRestore,
): RestoreRecord {
  return {
    ...{ record: "restore", number: row.job, state: row.state, exit: row.outcome },
    ...{ begun: row.at, ended: row.ended, to: JSON.parse(row.target), position: row.restored },
    ...{ tier: row.tier.toLowerCase(), days: row.days, entries: Number(row.entries) },
    ...{ bytes: Number(row.bytes), written: row.written, objects: row.objects },
    ...{ object_bytes: row.objectBytes, cold: objects.cold, warming: objects.warming },
    ...{ warm: objects.warm, cold_bytes: bytes.cold, warming_bytes: bytes.warming },
    ...{ warm_bytes: bytes.warm, requests, quoted_usd: usdOrNull(row.quoted) },
    approved_usd: usdOrNull(row.approved),
    warm_at: eta === 0 ? null : isoTime(eta),
    first_expiry: expiry === 0 ? null : isoTime(expiry),
  };
}

function usdOrNull(billionths: number | null): number | null {
  return billionths === null ? null : usdOf(billionths);
}
