import type { Tier } from "../core/cold/restore_state.ts";
import { warmthKnown } from "../core/cold/warmth.ts";
import type { Cost } from "../core/cost/cost.ts";
import { earlyByClass, type EarlyTally } from "../core/cost/price_deletion.ts";
import type { RenamedGroup } from "../core/cost/price_renames.ts";
import type { RestoreQuote } from "../core/cost/quote_restore.ts";
import { isKind } from "../core/error.ts";
import { RENAMES_JOB } from "../core/index/restore_rows.ts";
import type { EntryRow } from "../core/index/rows.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { WaitingFiles } from "../ports/waiting_files.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import { warmthLooks } from "./look_at_warmth.ts";
import { noteWarmth } from "./note_warmth.ts";
import type { OpenRename } from "./open_renames.ts";
import { type GroupOptions, renamedGroups } from "./renamed_groups.ts";
import { heldObjects, isApproved, objectsToAsk, recordRenamesJob } from "./renames_job.ts";
import { type PriceGroups, requestApproved, type RequestDeps } from "./restore_requests.ts";
import { objectToWarm, rowsToWarm, toWarmTest } from "./rows_to_warm.ts";
import { isAskedFor, isSettling, objectOf, warmTest } from "./warm_renames.ts";

/** What `archived_renames = "copy"` needs beside the rest of a backup. */
export interface WarmUpSetting {
  readonly work: Pick<WorkTables, "waiting">;
  readonly price: PriceGroups;
  /** Of copies, of what is deleted after them, and of a month of what stays as a version. */
  readonly priceCopies: (groups: readonly RenamedGroup[]) => Cost;
  readonly tier: Tier;
  /** For which restored copies are kept. */
  readonly days: number;
  /** Requests a second. */
  readonly rate: number;
  /**
   * Whether all of it may be asked for, and be copied when it is warm. What may not stays as it is
   * until the next run: nobody could say so, or it costs too much. Says what is done, and why not.
   */
  readonly approve: (plan: WarmUpPlan) => Promise<boolean>;
  /** Whether this run may copy what is warm by now: that was approved when it was asked for. */
  readonly mayCopy: (plan: CopyPlan) => boolean;
}

export interface WarmUpPlan {
  /** To be asked for, and their bytes as stored. */
  readonly objects: number;
  readonly bytes: number;
  readonly quote: RestoreQuote;
  /** Of all that is copied by this approval, now or later: also of what is warm or warming already. */
  readonly copies: CopyPlan;
  /** Somebody has approved it already; the run that did so was cut off. */
  readonly wasApproved: boolean;
}

export interface CopyPlan {
  readonly objects: number;
  /** As stored. */
  readonly bytes: number;
  readonly cost: Cost;
}

export interface RenameWarmUp extends Omit<RequestDeps, "files" | "price" | "rate"> {
  readonly warmUp: WarmUpSetting;
  /** Told what is deleted before its class's minimum duration, before it is copied. */
  readonly tellEarly?: (early: readonly EarlyTally[]) => void;
}

export interface WarmUpOptions extends Omit<GroupOptions, "now" | "isWarm" | "includes"> {
  /** Those that are open now. */
  readonly renames: () => Iterable<OpenRename>;
}

/** The warm-up of moved archived objects within a backup. */
export interface RenameWarmUps {
  /** Asks the store which of those that were asked for are warm, and whether they may be copied now. */
  look(): Promise<void>;
  /** Asks for restored copies of the others, where their price is approved. */
  ask(): Promise<void>;
  /** Whether an archived object may be copied now. */
  isWarm(row: EntryRow): boolean;
  /** Objects that wait for an approval, or that the store does not warm up. */
  held(): number;
  close(): void;
}

/**
 * Its restore job has no target and the number 0: there is one at a time, and backups alone go on with
 * it. What it waits for may be copied: that was approved with the request. No backup fails for it
 * because the store refuses or denies something.
 */
export function renameWarmUps(
  deps: RenameWarmUp,
  run: string,
  options: WarmUpOptions,
): RenameWarmUps {
  const { log, store, environment, signal, warmUp, tellEarly } = deps;
  const { index } = log;
  const now = () => Number(environment.clock.now() / 1_000_000n);
  const lookAt = warmthLooks({ store, signal, now, index });
  const context: Warming = {
    ...{ deps, run, options, now },
    async look(files) {
      await lookAt(files, ["unknown"]);
      // What has expired, or was never asked for although it was intended, is cold from then on.
      noteWarmth(log, run, files, { job: RENAMES_JOB, now: now(), costOf: () => 0 });
    },
  };
  let looked: WaitingFiles | undefined;
  let held = 0;
  let mayCopy = true;
  const warmCopies = () => copiesOf(context, warmTest(index, now()));
  const tell = ({ early }: Copies) => early.length > 0 ? tellEarly?.(early) : undefined;
  return {
    async look() {
      if (!isSettling(index)) return;
      const files = looked = waitingFiles(context);
      await unlessRefused(context, () => context.look(files));
      const copies = warmCopies();
      mayCopy = copies.objects === 0 || warmUp.mayCopy(copies);
      if (mayCopy) tell(copies);
      else held += copies.objects;
    },
    async ask() {
      const files = waitingFiles(context, looked);
      try {
        await unlessRefused(context, () => askFor(context, files));
        held += heldObjects(index, files, now());
      } finally {
        files.close();
      }
      if (mayCopy) tell(warmCopies());
    },
    isWarm: (row) => mayCopy && warmTest(index, now())(row),
    held: () => held,
    close: () => looked?.close(),
  };
}

/** Ends the job once nothing waits any more. */
export function finishWarmUps(log: JobLog, run: string, renames: Iterable<OpenRename>): void {
  const job = log.index.restores.job(RENAMES_JOB);
  if (job?.state !== "settling" || !rowsToWarm(log.index, renames).next().done) return;
  const totals = { entries: job.entries, bytes: job.bytes, failed: "0" };
  const data = { outcome: 0, ...totals, job: RENAMES_JOB };
  log.append(run, [{ type: "RestoreFinished", data }]);
}

interface Warming {
  readonly deps: RenameWarmUp;
  readonly run: string;
  readonly options: WarmUpOptions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** At what was not looked at yet. */
  readonly look: (files: WaitingFiles) => Promise<void>;
}

/** All that must be warm before a copy. Of what was looked at the log tells. */
function waitingFiles(
  { deps: { log: { index }, warmUp }, options, now }: Warming,
  looked?: WaitingFiles,
): WaitingFiles {
  const files = warmUp.work.waiting();
  for (const row of rowsToWarm(index, options.renames())) {
    const { folder, name } = row;
    const object = objectToWarm(index, row);
    files.add({ folder, name, bytes: object.size }, [object]);
    if (looked?.has(folder, name) !== true) continue;
    const known = index.restores.warmUp(object);
    files.setWarmth(object, warmthKnown(known, now()), known?.expiry);
  }
  return files;
}

async function unlessRefused({ deps }: Warming, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isKind(error, "denied", "refused")) throw error;
    tellWaiting(deps, `moved archived objects are not warmed up: ${error.message}`);
  }
}

function tellWaiting({ emit }: RenameWarmUp, why: string): void {
  emit({ kind: "notice", text: `${why}; they wait for the next backup` });
}

async function askFor(context: Warming, files: WaitingFiles): Promise<void> {
  const { deps, run } = context;
  const { warmUp: { price, rate, tier } } = deps;
  await context.look(files);
  if (!await isApprovedNow(context, files)) return;
  const asking = { ...deps, files, price, rate };
  const { refused, failure } = await requestApproved(asking, run, { job: RENAMES_JOB });
  if (refused > 0) {
    tellWaiting(deps, `the service has no capacity for moved archived objects at ${tier} now`);
  }
  await context.look(files);
  if (failure !== undefined) throw failure;
}

/** Whether there is something to ask for, and somebody has approved it. */
async function isApprovedNow(context: Warming, files: WaitingFiles): Promise<boolean> {
  const { deps: { log, warmUp }, run, now } = context;
  const { index } = log;
  const at = now();
  const { groups, ...asked } = objectsToAsk(index, files, at);
  if (asked.objects === 0 && asked.wasApproved) return false;
  const quote = warmUp.price(groups, warmUp.tier);
  const copies = copiesOf(context, (row) => {
    const id = objectOf(index, row);
    return !isApproved(index, id) || !isAskedFor(index, id, at);
  });
  if (!await warmUp.approve({ ...asked, quote, copies })) return false;
  if (!asked.wasApproved) recordRenamesJob(log, run, { ...warmUp, files, quote, now: at });
  return true;
}

interface Copies extends CopyPlan {
  readonly early: readonly EarlyTally[];
}

/** What copies of those objects cost, without the warm-up. */
function copiesOf(
  { deps: { log, warmUp }, options, now }: Warming,
  includes: (row: EntryRow) => boolean,
): Copies {
  const isToWarm = toWarmTest(log.index);
  const at = now();
  const groups = renamedGroups(log, options.renames(), {
    ...{ ...options, now: at, isWarm: warmTest(log.index, at) },
    includes: ({ isFolder, row }) => !isFolder && isToWarm(row) && includes(row),
  }).filter(({ way }) => way === "warm-up" || way === "copy")
    .map((group) => ({ ...group, isAsked: true as const }));
  const sum = (pick: (group: RenamedGroup) => number) =>
    groups.reduce((all, group) => all + pick(group), 0);
  return {
    ...{ objects: sum(({ objects }) => objects), bytes: sum(({ bytes }) => bytes) },
    cost: warmUp.priceCopies(groups),
    early: earlyByClass(groups.flatMap(({ early }) => early ?? [])),
  };
}
