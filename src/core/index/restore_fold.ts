import { readUsdDigits } from "../cold/billionths.ts";
import { objectName } from "../cold/object_name.ts";
import { endOfWarmUp } from "../cold/warmth.ts";
import type { AnyEvent, EventData } from "../event/event.ts";
import type { ArchivedObject } from "../event/restore_events.ts";
import { timeOfIso } from "../time_text.ts";
import { misplaced } from "./misfit.ts";
import type { ObjectId, RestoreJobRow, RestoreTables, WarmUpRow } from "./restore_rows.ts";

/** Restore jobs, what they await, and how archived objects are in the store. */
export function foldRestores(tables: RestoreTables, event: AnyEvent): void {
  switch (event.type) {
    case "RestorePlanned":
      return plan(tables, event);
    case "ObjectsAwaited":
      return awaitObjects(tables, event.data, event.position);
    case "WarmUpPlanned":
      return planWarmUp(tables, event);
    case "WarmUpRequested":
      return noteRequested(tables, event.data);
    case "ObjectWarm":
      for (const { expiry, ...object } of event.data.objects) {
        const until = expiry === undefined ? 0 : timeOfIso(expiry);
        setState(tables, object, { state: "warm", expiry: until });
      }
      return;
    case "RestoredCopyExpired":
      for (const object of event.data.objects) setState(tables, object, { state: "expired" });
      return;
    case "StorageClassesFound":
      for (const { class: storageClass, archive = null, ...object } of event.data.objects) {
        tables.putFoundClass({ ...idOf(object), storageClass, archive });
      }
      return;
    case "RestoreApproved":
      return approve(tables, event.data, event.position);
    case "EntriesRestored": {
      const { job, bytes } = event.data;
      if (job === undefined) return;
      const row = jobOf(tables, job, event.position);
      return tables.putRestoreJob({ ...row, written: row.written + Number(bytes) });
    }
    case "RestoreCancelled":
      return end(tables, jobOf(tables, event.data.job, event.position), event.at, {
        state: "cancelled",
      });
    case "RestoreFinished": {
      const { job, outcome } = event.data;
      if (job === undefined) return;
      const row = jobOf(tables, job, event.position);
      return end(tables, row, event.at, { state: "finished", outcome });
    }
  }
}

/** Where the log begins at an event that is about a job, the checkpoint has the job. */
function jobOf(tables: RestoreTables, job: number, position: number): RestoreJobRow {
  const row = tables.restoreJob(job);
  if (row !== undefined) return row;
  throw misplaced({ source: "", path: "", position }, `restore ${job}`);
}

function plan(
  tables: RestoreTables,
  { data, position, at }: Extract<AnyEvent, { type: "RestorePlanned" }>,
): void {
  // Restores of older programs have no number, and ended with their run.
  if (data.job === undefined) return;
  const { job, to, selection, entries, bytes, overwrite, objects = 0 } = data;
  // One that died while it was planned is planned anew.
  if (tables.restoreJob(job)?.state === "planning") {
    tables.dropRestoreObjects(job, timeOfIso(at));
  }
  tables.putRestoreJob({
    ...{ job, position, at, state: data.renames ? "settling" : objects > 0 ? "planning" : "open" },
    ...{ target: JSON.stringify(to), selection: JSON.stringify(selection ?? EVERYTHING) },
    ...{ restored: data.position, overwrite, tier: data.tier ?? "Bulk", days: data.days ?? 0 },
    ...{ entries, bytes, objects, objectBytes: Number(data.objectBytes ?? 0) },
    quoted: data.quote === undefined ? null : readUsdDigits(data.quote),
    approved: data.approved === undefined ? null : readUsdDigits(data.approved),
    ...{ extra: 0, slower: data.slower === true, written: 0, outcome: null, ended: null },
  });
}

const EVERYTHING = { paths: [], include: [], exclude: [] };

/** What the quote covers becomes more, and what may be spent: by that, or to the new limit. */
function approve(
  tables: RestoreTables,
  { job, quote, approved, tier, days, slower }: EventData["RestoreApproved"],
  position: number,
): void {
  const row = jobOf(tables, job, position);
  const more = quote === undefined ? 0 : readUsdDigits(quote);
  const plus = (sum: number | null) => sum === null ? null : sum + more;
  tables.putRestoreJob({
    ...{ ...row, tier: tier ?? row.tier, days: days ?? row.days },
    ...{ quoted: plus(row.quoted), slower: slower ?? row.slower },
    approved: approved === undefined ? plus(row.approved) : readUsdDigits(approved),
  });
}

function awaitObjects(
  tables: RestoreTables,
  { job, objects, last }: EventData["ObjectsAwaited"],
  position: number,
): void {
  const row = jobOf(tables, job, position);
  for (const { class: storageClass, archive, size, quoted, ...object } of objects) {
    const { allowed = 0, requests = 0 } = tables.restoreObject(job, idOf(object)) ?? {};
    tables.putRestoreObject({
      ...{ job, ...idOf(object), storageClass, archive: archive ?? null, size: Number(size) },
      ...{ allowed: allowed + (quoted === true ? 1 : 0), requests },
    });
  }
  if (last === true && row.state === "planning") tables.putRestoreJob({ ...row, state: "open" });
}

function planWarmUp(
  tables: RestoreTables,
  { data, position, at }: Extract<AnyEvent, { type: "WarmUpPlanned" }>,
): void {
  const { job, tier, days, objects, cost } = data;
  const row = jobOf(tables, job, position);
  if (cost !== undefined) {
    tables.putRestoreJob({ ...row, extra: row.extra + readUsdDigits(cost) });
  }
  for (const object of objects) {
    const id = idOf(object);
    const old = tables.warmUp(id);
    tables.countRequest(job, id, 1);
    putWarmUp(tables, {
      ...{ ...id, state: "asked", tier, job, asked: position, askedAt: timeOfIso(at) },
      ...{
        days: days ?? old?.days ?? 0,
        expiry: 0,
        before: old?.state ?? "cold",
        tierBefore: old?.tier ?? null,
      },
    });
  }
}

function noteRequested(
  tables: RestoreTables,
  { job, intent, others = [], unspent }: EventData["WarmUpRequested"],
): void {
  const answers = new Map(others.map((other) => [objectName(other), other.answer]));
  const asked = intent === undefined ? [] : tables.askedAt(intent);
  for (const row of asked) {
    const answer = answers.get(objectName(row));
    answers.delete(objectName(row));
    if (answer === "not asked") takeBack(tables, row);
    else if (answer === "under way" && isFirst(row)) {
      // Somebody else has asked for it, and paid: nobody knows at which tier.
      tables.countRequest(row.job, row, -1);
      const unknown = { tier: null, job: 0, asked: 0, before: "cold", tierBefore: null } as const;
      putWarmUp(tables, { ...row, ...unknown, state: "warming" });
    } else if (answer !== "unknown") {
      putWarmUp(tables, { ...row, state: answer === "warm" ? "warm" : "warming" });
    }
  }
  for (const other of others) {
    if (!answers.has(objectName(other))) continue;
    const row = tables.warmUp(idOf(other));
    const asked = row?.state === "asked" ? row : undefined;
    const isUnderWay = other.answer === "under way";
    // Whether it became faster a look does not tell: asked again, the store does, and charges once.
    if (asked !== undefined && (!isUnderWay || asked.before === "warming")) takeBack(tables, asked);
    else if (isUnderWay) setState(tables, other, { state: "warming" });
  }
  const row = unspent === undefined ? undefined : tables.restoreJob(job);
  if (row === undefined) return;
  tables.putRestoreJob({ ...row, extra: row.extra - readUsdDigits(unspent!) });
}

/** Nothing was under way before the intent, as far as the log knew. */
function isFirst({ before }: WarmUpRow): boolean {
  return before === "cold" || before === "expired";
}

/** As it was before the intent. */
function takeBack(tables: RestoreTables, row: WarmUpRow): void {
  tables.countRequest(row.job, row, -1);
  if (row.before === "cold") return tables.removeWarmUp(row);
  // An intent within an intent: the one before has no outcome either.
  const state = row.before === "asked" ? "warming" : row.before;
  putWarmUp(tables, { ...row, state, tier: row.tierBefore, before: "cold", tierBefore: null });
}

function setState(
  tables: RestoreTables,
  object: ArchivedObject,
  change: Pick<WarmUpRow, "state"> & Partial<Pick<WarmUpRow, "expiry">>,
): void {
  const id = idOf(object);
  const old = tables.warmUp(id);
  // That it is cold, a row is needed for only where it has to be approved again.
  if (change.state === "expired" && !tables.isAwaited(id)) return tables.removeWarmUp(id);
  putWarmUp(tables, { ...(old ?? { ...NEVER_ASKED, ...id }), expiry: 0, ...change });
}

function putWarmUp(tables: RestoreTables, row: Omit<WarmUpRow, "ends">): void {
  tables.putWarmUp({ ...row, ends: endOfWarmUp(row) });
}

const NEVER_ASKED = {
  tier: null,
  job: 0,
  asked: 0,
  askedAt: 0,
  days: 0,
  before: "cold",
  tierBefore: null,
} as const;

function end(
  tables: RestoreTables,
  row: RestoreJobRow,
  at: string,
  change: Partial<Pick<RestoreJobRow, "state" | "outcome">>,
): void {
  tables.putRestoreJob({ ...row, ...change, ended: at });
  tables.dropRestoreObjects(row.job, timeOfIso(at));
}

export function idOf({ key, version = "" }: ArchivedObject): ObjectId {
  return { key, version };
}
