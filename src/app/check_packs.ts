import { hex } from "../core/hash.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import { PACK_INDEX_PREFIX, packIndexKey } from "../core/pack/pack_layout.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { FoundObject } from "../ports/work_tables.ts";
import type { CheckContext } from "./check_context.ts";
import { eachInParallel } from "./in_parallel.ts";

/** A pack that is not what was stored. */
export interface PackFault {
  readonly row: PackRow;
  readonly kind: "missing" | "damaged";
  readonly reason: string;
  /** Hashes of what it does not have; undefined for all that it should. */
  readonly contents: readonly Uint8Array[] | undefined;
}

export interface PackCounts {
  readonly packs: number;
  readonly bytes: number;
  /** Objects in the folder of pack indexes that are no pack's. */
  readonly unknownIndexes: number;
}

const HEADS = 16;

/** What is wrong with packs, by the position of their PackStarted: why an entry cannot be had. */
export type PackFaults = Map<number, PackFault>;

/**
 * Each pack and its index by the LIST; where that shows another object, the pack by its version. What
 * a faulty pack has counts as lost from here on.
 */
export async function checkPacks(
  context: CheckContext,
  otherClass: Map<string, number>,
): Promise<{ counts: PackCounts; faults: PackFaults }> {
  const { log, listing } = context;
  const faults: PackFaults = new Map();
  const suspects: PackRow[] = [];
  let [packs, bytes] = [0, 0];
  for (const row of log.index.packs.all()) {
    const pause = context.breathe();
    if (pause !== undefined) await pause;
    const object = listing.find(row.key);
    const index = packIndexKey(row.pack, row.encryption === "age");
    const hasIndex = listing.find(index) !== undefined;
    if (row.stored === 0 || isToBeDeleted(log, row)) continue;
    packs++;
    bytes += row.size;
    if (!hasIndex) tellIndex(context, row, "missing");
    if (object !== undefined && isThat(row, object)) noteClass(row, object, otherClass);
    else suspects.push(row);
  }
  await eachInParallel(suspects, HEADS, async (row) => {
    const found = await lookAt(context, row);
    if (found.kind === "there") noteClass(row, found.object, otherClass);
    else tellFault(context, faults, { row, ...found, contents: undefined });
  });
  context.found.flush();
  const unknownIndexes = listing.unknownBelow(PACK_INDEX_PREFIX).objects;
  return { counts: { packs, bytes, unknownIndexes }, faults };
}

/** Of a pack's index. What is known to be missing needs not be told again where it is looked for. */
export function tellIndex(
  { found, badIndexes, indexHint }: CheckContext,
  row: PackRow,
  kind: PackFault["kind"],
  what?: string,
): void {
  if (badIndexes.has(row.id)) return;
  badIndexes.set(row.id, row);
  const key = packIndexKey(row.pack, row.encryption === "age");
  const reason = `${kind}: the index of the pack ${row.pack}${
    what === undefined ? "" : `: ${what}`
  }`;
  found.add({ kind, source: "", path: "", key, reason, hint: indexHint(row) });
}

/** Appended at once: from then on what the pack had is looked for in others. */
export function tellFault(
  context: Pick<CheckContext, "found">,
  faults: PackFaults,
  fault: PackFault,
): void {
  const { row: { id, key, stored }, kind, reason, contents } = fault;
  faults.set(id, fault);
  context.found.add({
    ...{ kind, source: "", path: "", key, stored, reason },
    ...(contents === undefined ? {} : { contents: contents.map((sha256) => hex(sha256)) }),
  });
  context.found.flush();
}

/** It may be there still, or not. */
export function isToBeDeleted({ index }: JobLog, { key, version }: PackRow): boolean {
  return index.tables.deletion(key, version ?? "") !== undefined;
}

type Shown = Pick<FoundObject, "size" | "etag" | "storageClass">;

function isThat({ size, etag }: PackRow, object: Shown): boolean {
  return size === object.size && (etag === null || etag === object.etag);
}

async function lookAt({ store }: CheckContext, row: PackRow) {
  const { key, version } = row;
  const object = await store.head(key, version === null ? {} : { versionId: version });
  if (object === undefined) {
    const what = version === null ? `no object ${key}` : `no version ${version} of ${key}`;
    return { kind: "missing" as const, reason: `missing: ${what}` };
  }
  if (isThat(row, object)) return { kind: "there" as const, object };
  const what = object.size === row.size
    ? `another object, ETag ${object.etag}, not ${row.etag}`
    : `an object of ${object.size} bytes, not ${row.size}`;
  return { kind: "damaged" as const, reason: `damaged: ${key} is ${what}` };
}

function noteClass(row: PackRow, { storageClass }: Shown, otherClass: Map<string, number>): void {
  if (storageClass === row.storageClass) return;
  otherClass.set(storageClass, (otherClass.get(storageClass) ?? 0) + 1);
}
