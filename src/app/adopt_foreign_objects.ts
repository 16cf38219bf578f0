import { isReadable } from "../core/mirror/storage_class.ts";
import type { AdoptedBy } from "../core/mirror/judge_foreign.ts";
import type { SourceNames } from "../core/mirror/source_names.ts";
import type { SignalSink } from "../core/signal.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ListedObject } from "../ports/object_store.ts";
import type { ReadingQueue } from "../ports/work_tables.ts";
import type { AdoptedBatch } from "./adopt_foreign_batch.ts";
import {
  type CompareContext,
  compareForeign,
  type ForeignOutcome,
} from "./adopt_foreign_compare.ts";
import { type ForeignMatch, foreignPlaces } from "./adopt_foreign_match.ts";
import type { ReadPlace } from "./adopt_foreign_read.ts";
import { eachInParallel } from "./in_parallel.ts";
import { upsert } from "./upsert.ts";

/** What was found under a key. */
export interface ForeignFinding {
  readonly is: "adopted" | "other" | "unproven" | "unknown";
  readonly key: string;
  readonly bytes: number;
  /** How it is known, or why not; a few words. */
  readonly reason: string;
}

interface Tally {
  objects: number;
  bytes: number;
}

export interface ForeignWork {
  readonly log: JobLog;
  readonly emit: SignalSink;
  readonly compare: CompareContext;
  readonly names: SourceNames;
  readonly batch: AdoptedBatch;
  /** Of what is to be read; left out where nothing is. */
  readonly queue: ReadingQueue | undefined;
  /** The same by class. */
  readonly reading: Map<string, Tally>;
  readonly counts: {
    readonly adopted: Map<AdoptedBy, Tally>;
    readonly other: Tally;
    readonly unproven: Tally;
    readonly unknown: Tally;
  };
  lists: number;
  readonly tell: (finding: ForeignFinding) => void;
  readonly ship: () => Promise<void>;
}

/** Files that are compared at once: each waits for a HEAD, and reads a piece at a time. */
const AT_ONCE = 32;

/** Every object under the prefix, page by page, against the index. */
export async function lookAtObjects(work: ForeignWork): Promise<void> {
  const { compare: { store, signal, breathe }, emit, log } = work;
  const total = log.index.unstoredTotals();
  let [done, bytes] = [0, 0];
  for await (const page of store.list("")) {
    work.lists++;
    await eachInParallel(matchesIn(work, page), AT_ONCE, async (match) => {
      signal.throwIfAborted();
      settleListed(work, match, await compareForeign(work.compare, match));
      done++;
      bytes += match.object.size;
      const sums = { total: total.files, bytes, totalBytes: Number(total.bytes) };
      emit({ kind: "read", done, ...sums, current: match.path });
    });
    await work.ship();
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

function matchesIn(work: ForeignWork, page: readonly ListedObject[]): ForeignMatch[] {
  const { log, names, counts, tell } = work;
  const placeOf = foreignPlaces(log.index, names);
  return page.flatMap((object) => {
    const { key, size: bytes } = object;
    if (key.startsWith(".holdfast/")) return [];
    const place = placeOf(object);
    if (place.kind === "file") return [place];
    if (place.kind === "known") return [];
    count(counts[place.kind], bytes);
    const reason = place.kind === "other" ? place.reason : "the source has nothing under this key";
    tell({ is: place.kind, key, bytes, reason });
    return [];
  });
}

/** What no checksum decides is read, where that is wished and can be; else size and time decide. */
function settleListed(work: ForeignWork, match: ForeignMatch, outcome: ForeignOutcome): void {
  const { object: { key, storageClass, size }, row } = match;
  const { queue, reading } = work;
  if (outcome.kind === "unproven" && queue !== undefined && isReadable(storageClass)) {
    const { folder, name } = row;
    queue.add({ checked: 0, folder, name, bytes: size });
    count(upsert(reading, storageClass, none), size);
    return;
  }
  settleForeign(work, { ...match, key }, outcome);
}

export function settleForeign(
  { batch, counts, tell }: ForeignWork,
  place: ReadPlace,
  outcome: ForeignOutcome,
): void {
  const { key, row } = place;
  const bytes = Number(unpackStat(row.stat).size);
  if (outcome.kind === "other") {
    count(counts.other, bytes);
    return tell({ is: "other", key, bytes, reason: outcome.reason });
  }
  const { by, content } = outcome;
  if (by === undefined) {
    count(counts.unproven, bytes);
    return tell({ is: "unproven", key, bytes, reason: "nothing tells what it holds" });
  }
  batch.add(place, by, content);
  count(upsert(counts.adopted, by, none), bytes);
  tell({ is: "adopted", key, bytes, reason: by });
}

export const none = (): Tally => ({ objects: 0, bytes: 0 });

function count(tally: Tally, bytes: number): void {
  tally.objects++;
  tally.bytes += bytes;
}
