import { type HoldfastError, isKind } from "../core/error.ts";
import { packKey, packOfKey, PACKS_PREFIX } from "../core/pack/pack_layout.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Clock } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ListedObject, ObjectStore } from "../ports/object_store.ts";
import type { IndexTable } from "../ports/rebuild_tables.ts";
import { breather } from "./breather.ts";
import { byteBudget } from "./byte_budget.ts";
import { eachInParallel } from "./in_parallel.ts";
import {
  type FetchedIndex,
  fetchPackIndex,
  type IndexKey,
  type ListedIndex,
  listPackIndexes,
  openPackIndex,
} from "./read_pack_index.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface PackSurveyDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
  readonly clock: Clock;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

/** The index of a pack that the log does not know, or does not know to be complete; it reads well. */
export interface FoundIndex {
  readonly name: IndexKey;
  /** The pack as the store lists it; undefined where it is not there, or another one is. */
  readonly pack: ListedObject | undefined;
  /** Highest position of an entry in it, 0 where it has none. */
  readonly last: number;
}

export interface PackSurvey {
  /** The newest first. No two have entries of the same stretch of the log. */
  readonly indexes: readonly FoundIndex[];
  readonly highest: number;
  /** Names of sources as they were at a position. */
  readonly sources: readonly { readonly source: string; readonly position: number }[];
  readonly missing: readonly string[];
}

/** Requests under way at once, and bytes of what was asked for, as stored. */
const IN_FLIGHT = 16;
const MEMORY = 16 * 1024 * 1024;

/**
 * Looks at every pack that the log does not know: two LISTs, and a GET of each index. Of packs
 * themselves nothing is read. One index that cannot be used is a sentence; throws kind "key" where
 * none can be opened, unless something else could (`isProven`).
 */
export async function surveyPacks(
  deps: PackSurveyDeps,
  log: JobLog,
  { isProven, fetched }: { readonly isProven: boolean; readonly fetched: IndexTable },
): Promise<PackSurvey> {
  // What is to be deleted has nothing to tell. A pack is there before its index.
  const leaving = new Set(log.index.deletions().map(({ key }) => key));
  const names = (await listPackIndexes(deps.store)).filter(({ key }) => !leaving.has(key));
  const listed = await listPacks(deps.store, leaving);
  const wanted = names.filter(({ pack }) => !isComplete(log, pack));
  const { indexes, refused, opened, sources, missing } = await lookAtAll(deps, wanted, {
    ...{ listed, fetched },
  });
  // Whoever has put an index there for other keys than ours does not keep us from the others.
  if (opened === 0 && !isProven && refused.length > 0) throw refused[0].error;
  for (const { name, error } of refused) missing.push(unusable(name, error));
  for (const key of unindexed(listed, names, log)) {
    missing.push(
      `the pack ${key} has no index: what is in it is not known; \`holdfast decrypt\` reads it`,
    );
  }
  indexes.sort((a, b) => b.last - a.last);
  return {
    ...{ indexes, missing: missing.sort(), highest: indexes[0]?.last ?? 0 },
    sources: [...sources].map(([source, position]) => ({ source, position })),
  };
}

interface LookedAt {
  readonly indexes: FoundIndex[];
  /** Sealed for others. */
  readonly refused: { readonly name: IndexKey; readonly error: HoldfastError }[];
  /** How many encrypted ones could be opened. */
  opened: number;
  readonly sources: Map<string, number>;
  readonly missing: string[];
}

async function lookAtAll(
  deps: PackSurveyDeps,
  wanted: readonly ListedIndex[],
  { listed, fetched }: {
    readonly listed: ReadonlyMap<string, ListedObject>;
    readonly fetched: IndexTable;
  },
): Promise<LookedAt> {
  const looked: LookedAt = {
    ...{ indexes: [], refused: [], opened: 0, sources: new Map(), missing: [] },
  };
  const { indexes, refused, sources, missing } = looked;
  const examine = examiner(deps, sources);
  const budget = byteBudget(MEMORY);
  let done = 0;
  await eachInParallel(wanted, IN_FLIGHT, async (name) => {
    await budget.acquire(name.size);
    try {
      deps.signal.throwIfAborted();
      const index = await fetchPackIndex(deps, name);
      if (name.isEncrypted) looked.opened++;
      const { size, last } = await examine(index);
      const pack = listed.get(name.pack);
      const why = misfitOf(pack, size);
      if (why !== undefined) missing.push(withoutPack(name, why));
      fetched.add(name.key, index.frames);
      indexes.push({ name, last, pack: why === undefined ? pack : undefined });
    } catch (error) {
      if (isKind(error, "key")) refused.push({ name, error });
      else if (isKind(error, "gone", "damage", "refused", "failed")) {
        missing.push(unusable(name, error));
      } else throw error;
    } finally {
      budget.release(name.size);
    }
    deps.emit({ kind: "rebuild", done: ++done, total: wanted.length });
  });
  return looked;
}

async function listPacks(
  store: ObjectStore,
  leaving: ReadonlySet<string>,
): Promise<Map<string, ListedObject>> {
  const packs = new Map<string, ListedObject>();
  for await (const page of store.list(PACKS_PREFIX)) {
    for (const object of page) {
      const name = packOfKey(object.key);
      if (name !== undefined && !leaving.has(object.key)) packs.set(name.pack, object);
    }
  }
  return packs;
}

function isComplete({ index }: JobLog, pack: string): boolean {
  return (index.tables.packByName(pack)?.stored ?? 0) > 0;
}

/** Reads an index to its end: what is damaged anywhere is not begun with. */
function examiner({ hashing, clock, signal }: PackSurveyDeps, sources: Map<string, number>) {
  const breathe = breather(clock, signal);
  return async (index: FetchedIndex): Promise<{ size: number; last: number }> => {
    const { head, members } = openPackIndex(hashing, index);
    const seen = new Set<string>();
    let [last, count] = [0, 0];
    for (const member of members) {
      if (member.is === "entry") {
        last = Math.max(last, member.position);
        seen.add(member.source);
      }
      if (++count % 1000 === 0) await breathe();
    }
    for (const source of seen) sources.set(source, Math.max(last, sources.get(source) ?? 0));
    return { size: head.size, last };
  };
}

function misfitOf(pack: ListedObject | undefined, size: number): string | undefined {
  if (pack === undefined) return "is not in the repository";
  return pack.size === size ? undefined : `has ${pack.size} bytes, and not ${size}`;
}

function withoutPack({ pack, isEncrypted }: IndexKey, why: string): string {
  return `the pack ${packKey(pack, isEncrypted)} ${why}: what nothing else has of it is not stored`;
}

function unusable({ key }: IndexKey, { message }: HoldfastError): string {
  return `the pack index ${key} is not used: ${message}`;
}

/** Keys of packs that neither an index nor the log tells of. */
function unindexed(
  listed: ReadonlyMap<string, ListedObject>,
  names: readonly IndexKey[],
  { index }: JobLog,
): string[] {
  const indexed = new Set(names.map(({ pack }) => pack));
  return [...listed].flatMap(([pack, { key }]) =>
    indexed.has(pack) || index.tables.packByName(pack) !== undefined ? [] : [key]
  );
}
