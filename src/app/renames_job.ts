import { isCovered } from "../core/cold/allowance.ts";
import { billionthsOf, usdDigits } from "../core/cold/billionths.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import { isKnown } from "../core/cost/money.ts";
import type { RestoreGroup, RestoreQuote } from "../core/cost/quote_restore.ts";
import { type ObjectId, RENAMES_JOB } from "../core/index/restore_rows.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import { awaitObjects } from "./await_objects.ts";
import { isReadable } from "./cold_objects.ts";
import { isAskedFor } from "./warm_renames.ts";

/** What is to be asked for. */
export interface AskedObjects {
  readonly objects: number;
  /** As stored. */
  readonly bytes: number;
  readonly groups: readonly RestoreGroup[];
  /** Nothing of it, and of what waits beside it, is without somebody's approval. */
  readonly wasApproved: boolean;
}

/** What is cold of the files' objects and not asked for by the log. `now` in ms since 1970. */
export function objectsToAsk(index: IndexModel, files: WaitingFiles, now: number): AskedObjects {
  const { restores } = index;
  const groups = new Map<string, RestoreGroup>();
  let [objects, bytes, wasApproved] = [0, 0, true];
  for (const object of files.objects()) {
    if (isReadable(object)) continue;
    const row = restores.object(RENAMES_JOB, object);
    if (row === undefined) wasApproved = false;
    if (!isToBeAsked(index, object, now)) continue;
    if (row !== undefined && !isCovered(row)) wasApproved = false;
    objects++;
    bytes += object.size;
    addTo(groups, object);
  }
  return { objects, bytes, groups: [...groups.values()], wasApproved };
}

function addTo(groups: Map<string, RestoreGroup>, object: WaitedObject): void {
  const { storageClass, archive, size } = object;
  const name = `${storageClass} ${archive}`;
  const { objects, bytes } = groups.get(name) ?? { objects: 0, bytes: 0 };
  groups.set(name, {
    ...{ storageClass, objects: objects + 1, bytes: bytes + size, fetched: 0, gets: 0 },
    ...(archive === null ? {} : { archive }),
  });
}

function isToBeAsked(index: IndexModel, object: WaitedObject, now: number): boolean {
  return object.warmth === "cold" && !isAskedFor(index, object, now);
}

/** Whether somebody has approved that it is moved: with its price, when it was asked for. */
export function isApproved({ restores }: IndexModel, id: ObjectId): boolean {
  return restores.object(RENAMES_JOB, id) !== undefined;
}

/** Puts what was approved into the log, before anything is asked for. */
export function recordRenamesJob(
  log: JobLog,
  run: string,
  { files, quote, tier, days, now }: {
    readonly files: WaitingFiles;
    readonly quote: RestoreQuote;
    readonly tier: Tier;
    readonly days: number;
    readonly now: number;
  },
): void {
  const totals = files.totals();
  const sum = (pick: (total: typeof totals[number]) => number) =>
    totals.reduce((all, total) => all + pick(total), 0);
  const [objects, bytes] = [sum((total) => total.objects), `${sum((total) => total.bytes)}`];
  const usd = isKnown(quote.total) ? usdDigits(billionthsOf(quote.total.usd)) : undefined;
  const data = {
    ...{ job: RENAMES_JOB, renames: true as const, to: "", position: log.head().position },
    ...{ entries: `${files.count().files}`, bytes, overwrite: "never", tier, days },
    ...{ objects, objectBytes: bytes },
    ...(usd === undefined ? {} : { quote: usd, approved: usd }),
  };
  log.append(run, [{ type: "RestorePlanned", data }], { durable: true });
  const { index } = log;
  const isQuoted = (object: WaitedObject) => {
    const row = index.restores.object(RENAMES_JOB, object);
    return isToBeAsked(index, object, now) && !(row !== undefined && isCovered(row));
  };
  awaitObjects(log, run, { job: RENAMES_JOB, files, isNew: false, isQuoted });
}

/** Of what waits, how much waits for nothing that is under way. */
export function heldObjects(index: IndexModel, files: WaitingFiles, now: number): number {
  let held = 0;
  for (const object of files.objects()) {
    if (isReadable(object)) continue;
    if (!isApproved(index, object) || !isAskedFor(index, object, now)) held++;
  }
  return held;
}
