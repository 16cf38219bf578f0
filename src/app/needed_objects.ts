import type { Layout } from "../core/event/event.ts";
import { PROBE_FOLDER } from "../core/mirror/object_key.ts";
import { PACK_INDEX_PREFIX, packOfIndexKey } from "../core/pack/pack_layout.ts";
import type { UnstoredCursor } from "../ports/event_log.ts";
import type { ObjectName, ObjectStore } from "../ports/object_store.ts";
import { isStored, storedForm } from "./check_contents.ts";
import { formerContents } from "./check_snapshots.ts";
import { isToBeDeleted } from "./check_packs.ts";
import { deadPacks, type PackUseDeps } from "./dead_packs.ts";
import { hasKeptBefore, historyText } from "./log_base.ts";
import { fillLedger } from "./prune_ledger.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";
import { cursorOf } from "./unread_rows.ts";

export interface NeededObjects extends PackUseDeps {
  readonly store: ObjectStore;
  readonly layout: Layout;
}

export interface NeededObject {
  readonly object: ObjectName;
  readonly storageClass: string;
  /** Where its entry is among all; undefined of what is no current entry's. */
  readonly row?: UnstoredCursor;
}

/** How far somebody had come, and the position of the log then. */
export interface NeededSince {
  readonly row: UnstoredCursor;
  readonly position: number;
}

/**
 * Every object that the job would miss: what its entries have, what only kept snapshots have, packs,
 * and what is under `.holdfast/` now. What is there only until a prune may remove it is not among
 * them. Whoever goes on gets the entries behind the last one, and those that an event was about since
 * then.
 */
export async function* neededObjects(
  needed: NeededObjects,
  since?: NeededSince,
): AsyncGenerator<NeededObject> {
  const isWhole = hasWholePast(needed);
  if (needed.layout === "pack") {
    const dead = isWhole ? await deadPacks(needed) : new Set<number>();
    yield* neededPacks(needed, dead);
    yield* ownObjects(needed, (key) => isDeadIndex(needed, dead, key));
    return;
  }
  if (since !== undefined) yield* entryObjects(needed, since.position, undefined);
  yield* entryObjects(needed, 0, since?.row);
  if (isWhole) yield* snapshotObjects(needed);
  yield* ownObjects(needed, (key) => key.startsWith(SIDECARS));
  yield* sidecars(needed, isWhole);
}

/** Of a log that begins behind a kept snapshot nobody knows what that has. */
function hasWholePast({ log, emit }: NeededObjects): boolean {
  const { base } = log;
  if (base === undefined || !hasKeptBefore(log, base)) return true;
  const text =
    `${historyText(base.position)}: the locks of what only older snapshots need are not ` +
    "looked after";
  emit({ kind: "notice", text });
  return false;
}

async function* entryObjects(
  { log: { index }, breathe }: NeededObjects,
  after: number,
  from: UnstoredCursor | undefined,
): AsyncGenerator<NeededObject> {
  for (const item of touchedRows(index, after, from)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const { row } = item;
    if (!isStored(row) || ("parent" in row && row.parent === 0)) continue;
    const { version, storageClass } = storedForm(row);
    const object = named(index.keys.ofRow(row), version, storageClass);
    yield after === 0 ? { ...object, row: cursorOf(item) } : object;
  }
}

async function* snapshotObjects(needed: NeededObjects): AsyncGenerator<NeededObject> {
  // Without versions nothing is there that no entry has.
  if (!needed.store.features.versions.works) return;
  for await (const { index, since } of replaySnapshots(needed, () => {})) {
    for (const { key, version, storageClass } of formerContents(needed, index, since)) {
      if (version !== null) yield named(key, version, storageClass);
    }
  }
}

async function* neededPacks(
  { log, breathe }: NeededObjects,
  dead: ReadonlySet<number>,
): AsyncGenerator<NeededObject> {
  for (const row of log.index.packs.all()) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (row.stored === 0 || dead.has(row.id) || isToBeDeleted(log, row)) continue;
    yield named(row.key, row.version, row.storageClass);
  }
}

/** An index goes with its pack. */
function isDeadIndex({ log }: NeededObjects, dead: ReadonlySet<number>, key: string): boolean {
  if (!key.startsWith(PACK_INDEX_PREFIX)) return false;
  const name = packOfIndexKey(key)?.pack;
  const row = name === undefined ? undefined : log.index.tables.packByName(name);
  return row === undefined || dead.has(row.id) || isToBeDeleted(log, row);
}

const OWN = ".holdfast/";
const SIDECARS = `${OWN}sidecars/`;
/** Entries' own contents, which the index has; what nobody needs, and what AWS's jobs were told. */
const OTHERS = [`${OWN}content/`, PROBE_FOLDER, `${OWN}batch/`] as const;

/** The log, what goes with it, and pack indexes. The log knows no versions of them. */
async function* ownObjects(
  { store }: NeededObjects,
  isOther: (key: string) => boolean,
): AsyncGenerator<NeededObject> {
  for await (const page of store.list(OWN)) {
    for (const { key, storageClass } of page) {
      if (OTHERS.some((folder) => key.startsWith(folder)) || isOther(key)) continue;
      yield named(key, null, storageClass);
    }
  }
}

/** Those of objects that are needed, by the position of the observation that they are of. */
async function* sidecars(needed: NeededObjects, isWhole: boolean): AsyncGenerator<NeededObject> {
  const { store, log, work } = needed;
  const isKnown = isWhole && log.index.unstoredTotals().entries === 0;
  const ledger = work.ledger();
  let isFilled = false;
  try {
    for await (const page of store.list(SIDECARS)) {
      if (page.length > 0 && isKnown && !isFilled) {
        await fillLedger(needed, ledger);
        isFilled = true;
      }
      for (const { key, storageClass } of page) {
        const position = Number(/\/(\d+)-[^/]*$/.exec(key)?.[1] ?? NaN);
        const isSpare = isFilled && Number.isSafeInteger(position) &&
          !ledger.isObservationNeeded(position);
        if (!isSpare) yield named(key, null, storageClass);
      }
    }
  } finally {
    ledger.close();
  }
}

function named(key: string, version: string | null, storageClass: string): NeededObject {
  return { object: version === null ? { key } : { key, versionId: version }, storageClass };
}
