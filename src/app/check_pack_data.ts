import { HoldfastError, isKind } from "../core/error.ts";
import { isReadable } from "../core/mirror/storage_class.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { PackLedger } from "../ports/work_tables.ts";
import type { CheckContext, CheckDeps } from "./check_context.ts";
import { indexCheck } from "./check_pack_index.ts";
import { memberCheck, type MemberFaults } from "./check_pack_members.ts";
import {
  isToBeDeleted,
  type PackFault,
  type PackFaults,
  tellFault,
  tellIndex,
} from "./check_packs.ts";
import type { ReadTotals } from "./check_read.ts";
import { eachInParallel } from "./in_parallel.ts";
import { loadContents } from "./needed_contents.ts";
import { type PackReader, packReader } from "./pack_reader.ts";
import { wholePack } from "./whole_pack.ts";

/** Packs that are read at once. */
const READERS = 2;

/** Throws kind "key" where something that would be read is encrypted and cannot be opened. */
export async function readerForCheck(
  { store, log, identities, hashing }: CheckDeps,
  breathe: CheckContext["breathe"],
): Promise<PackReader> {
  const reader = packReader({ store, packs: log.index.packs, identities, hashing, breathe });
  for (const row of log.index.packs.all()) {
    if (row.encryption === "none" || row.stored === 0 || !isReadable(row.storageClass)) continue;
    await reader.prove(row.id);
    break;
  }
  return reader;
}

/**
 * Reads packs from their first byte to their last, those read longest ago first, until so many percent
 * of the bytes are read. What is in an archive class is counted and left alone.
 */
export async function readPacks(
  context: CheckContext,
  reader: PackReader,
  percent: number,
  faults: PackFaults,
): Promise<ReadTotals> {
  const totals = { objects: 0, bytes: 0, archived: 0 };
  const ledger = context.work.packLedger();
  try {
    await loadContents(context, ledger);
    const { rows, bytes, archived } = readingPlan(context, percent, faults);
    totals.archived = archived;
    await eachInParallel(rows, READERS, async (row) => {
      context.signal.throwIfAborted();
      const verdict = await readOne(context, reader, ledger, row);
      if (verdict === "archived") totals.archived++;
      else if (verdict !== undefined) tellFault(context, faults, verdict);
      else verified(context, row);
      if (verdict === "archived") return;
      totals.objects++;
      totals.bytes += row.size;
      context.emit({
        ...{ kind: "check", done: totals.objects, total: rows.length, bytes: totals.bytes },
        ...{ totalBytes: bytes, current: row.key },
      });
    });
  } finally {
    ledger.close();
  }
  return totals;
}

function verified({ log, run }: CheckContext, { pack }: PackRow): void {
  const data = { source: "", read: true as const, folders: [], packs: [pack] };
  log.append(run, [{ type: "ObjectVerified", data }]);
}

function readingPlan(context: CheckContext, percent: number, faults: PackFaults) {
  const { log, listing } = context;
  const last = lastReadings(context);
  const whole: PackRow[] = [];
  let [all, archived] = [0, 0];
  for (const row of log.index.packs.all()) {
    if (row.stored === 0 || isToBeDeleted(log, row) || faults.has(row.id)) continue;
    all += row.size;
    const storageClass = listing.find(row.key)?.storageClass ?? row.storageClass;
    if (isReadable(storageClass)) whole.push(row);
    else archived++;
  }
  whole.sort((a, b) => (last.get(a.pack) ?? 0) - (last.get(b.pack) ?? 0) || a.id - b.id);
  const limit = Math.ceil(all * percent / 100);
  let bytes = 0;
  const rows = whole.filter(({ size }) => {
    if (percent < 100 && bytes >= limit) return false;
    bytes += size;
    return true;
  });
  return { rows, bytes, archived };
}

/** Position at which a pack was read last, by its id. */
function lastReadings({ log }: CheckContext): Map<string, number> {
  const last = new Map<string, number>();
  for (const event of log.events({ type: "ObjectVerified" })) {
    if (event.type !== "ObjectVerified") continue;
    for (const pack of event.data.packs ?? []) last.set(pack, event.position);
  }
  return last;
}

/** Undefined where everything in the pack is what was stored. */
async function readOne(
  context: CheckContext,
  reader: PackReader,
  ledger: PackLedger,
  row: PackRow,
): Promise<PackFault | "archived" | undefined> {
  const { log: { index: { packs } }, hashing } = context;
  const faults: MemberFaults = { contents: [], reason: undefined };
  try {
    const pack = await reader.open(row.id);
    const index = await indexCheck(context, row, pack.frames);
    const { member, unread } = index;
    const expected = ledger.in(row.id)[Symbol.iterator]();
    const compare = memberCheck({ packs, hashing, expected, faults, member, unread });
    const failures: HoldfastError[] = [];
    const wrong = (error: HoldfastError) => void failures.push(error);
    const deps = { store: context.store, hashing, wrong };
    for await (const frame of wholePack(deps, pack, packs.parts(row.id))) {
      if (frame.plain instanceof HoldfastError && isCold(frame.plain)) return "archived";
      compare(frame);
      const pause = context.breathe();
      if (pause !== undefined) await pause;
    }
    const fault = index.end();
    if (fault !== undefined) tellIndex(context, row, "damaged", fault);
    const [failure] = failures;
    const reason = faults.reason ?? failure?.message;
    if (reason === undefined) return undefined;
    return { row, kind: "damaged", reason: damageText(row, reason), contents: faults.contents };
  } catch (error) {
    if (!isKind(error, "damage", "entry")) throw error;
    if (isCold(error)) return "archived";
    const kind = error.kind === "damage" ? "damaged" : "missing";
    return { row, kind, reason: `${kind}: ${error.message}`, contents: undefined };
  }
}

/** In an archive class by now. */
function isCold({ cause }: HoldfastError): boolean {
  return isKind(cause, "refused") && cause.context.code === "InvalidObjectState";
}

function damageText({ key }: PackRow, reason: string): string {
  return reason.includes(key) ? `damaged: ${reason}` : `damaged: the pack ${key}: ${reason}`;
}
