import type { ReportRow } from "../core/batch/report_rows.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { Notes } from "../ports/work_tables.ts";
import { batchJobs, type LoggedBatchJob } from "./batch_jobs_log.ts";
import { batchReport } from "./batch_report.ts";
import type { CheckContext } from "./check_context.ts";
import type { PackFaults } from "./check_packs.ts";
import { type ChecksumComparer, checksumComparer } from "./compare_checksums.ts";
import { type ChecksumGroup, objectsOfGroup, planChecksums } from "./plan_checksums.ts";
import {
  type BatchRunDeps,
  finishedEvent,
  followBatchJob,
  type MadeBatchJob,
  makeBatchJob,
  startBatchJob,
} from "./run_batch_job.ts";
import { noShipping } from "./ship_log.ts";

export interface ArchivedOptions {
  /** S3 Batch Operations; undefined where a report is at hand. */
  readonly batch?: BatchJobs;
  /** A report that somebody has fetched: of archived objects and others. */
  readonly report?: () => AsyncIterable<ReportRow>;
  /** What whole keys, which reports have, begin with: "" or "prefix/". */
  readonly keyPrefix: string;
  /** Shown what will be paid for before it is. Throws kind "cost" where that is too much. */
  readonly show: (plan: ArchivedPlan) => void;
  /** Asked before jobs are made; none is where it says no. */
  readonly accept: (plan: ArchivedPlan) => Promise<boolean>;
  /** The plan alone: nothing that is appended stays, and what an earlier check has begun is left. */
  readonly dryRun?: boolean;
}

/** Jobs that are to be made. */
export interface ArchivedPlan {
  readonly jobs: number;
  /** Objects whose checksum the log knows, and their bytes as stored. */
  readonly objects: number;
  readonly bytes: number;
}

export interface ArchivedTotals {
  readonly exitCode: ExitCode;
  /** Objects whose checksum the log knows. */
  readonly objects: number;
  /** Compared with what AWS has computed. */
  readonly compared: number;
  /** Objects that nothing can be compared of. */
  readonly incomparable: number;
  /** In INTELLIGENT_TIERING, and not looked at. */
  readonly tiering: number;
  /** Named in a report, and not compared: how many, by reason. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Of which no report says anything. */
  readonly unreported: number;
  /** Jobs that did not come to their end. */
  readonly cutOff: number;
  /** A person did not approve the plan. */
  readonly isDeclined: boolean;
}

/**
 * Compares archived objects with the checksums in the log, without warming anything up: AWS computes
 * them where the objects are (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-compute-checksums.html).
 * The jobs that an earlier check has begun are gone on with.
 */
export async function checkArchived(
  context: CheckContext,
  faults: PackFaults,
  options: ArchivedOptions,
): Promise<ArchivedTotals> {
  const { batch, report, keyPrefix, show, dryRun = false } = options;
  const known = context.work.notes();
  try {
    const { groups, ...others } = await planChecksums(context, known, {
      all: report !== undefined,
    });
    const comparer = checksumComparer(context, { faults, known, keyPrefix });
    const plan = planOf(groups);
    const none = { ...others, objects: plan.objects, cutOff: 0, isDeclined: false };
    if (report !== undefined) {
      await comparer.compare(report());
      return totalsOf(comparer, none, { isWhole: false });
    }
    if (dryRun || batch === undefined) {
      show(plan);
      return { ...totalsOf(comparer, none, { isWhole: false }), exitCode: EXIT.done };
    }
    const deps = { ...context, batch, shipper: context.shipper ?? noShipping };
    const jobs = await checksumJobs(context, deps, { groups, known, options });
    let cutOff = 0;
    for (const job of jobs.made) {
      if (await compareJob(context, deps, comparer, job) !== "Complete") cutOff++;
    }
    const { isDeclined } = jobs;
    return totalsOf(comparer, { ...none, cutOff, isDeclined }, { isWhole: true });
  } finally {
    known.close();
  }
}

function planOf(groups: readonly ChecksumGroup[]): ArchivedPlan {
  const sum = (of: (group: ChecksumGroup) => number) =>
    groups.reduce((all, group) => all + of(group), 0);
  return {
    jobs: groups.length,
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
  };
}

interface ChecksumJob extends MadeBatchJob {
  /** That an earlier check has seen it end with. */
  readonly ended?: string;
}

/** Those that an earlier check has begun, and those that are made for what is in none of them. */
async function checksumJobs(
  context: CheckContext,
  deps: BatchRunDeps,
  { groups, known, options }: {
    readonly groups: readonly ChecksumGroup[];
    readonly known: Notes;
    readonly options: ArchivedOptions;
  },
): Promise<{ readonly made: readonly ChecksumJob[]; readonly isDeclined: boolean }> {
  const { run } = context;
  const begun = begunJobs(context);
  const made: ChecksumJob[] = [];
  for (const { id, status, ...job } of begun) {
    if (status === undefined) made.push(await makeBatchJob(deps, run, { ...job, id }));
    else if (id !== undefined) made.push({ ...job, id, ended: status });
  }
  const left = groups.filter((group) => !begun.some((job) => isOf(job, group)));
  if (left.length === 0) return { made, isDeclined: false };
  options.show(planOf(left));
  if (!await options.accept(planOf(left))) return { made, isDeclined: true };
  for (const group of left) {
    const { algorithm } = group;
    const objects = objectsOfGroup(context, known, group);
    made.push(await startBatchJob(deps, run, objects, { kind: "checksum", algorithm }));
  }
  return { made, isDeclined: false };
}

/** Of checks that were cut off, with what these have seen end: its reports are there to be read. */
function begunJobs({ log }: CheckContext): LoggedBatchJob[] {
  const jobs = batchJobs(log, "checksum");
  const runs = new Set(jobs.flatMap(({ status, run }) => status === undefined ? [run] : []));
  return jobs.filter(({ run, status, id }) =>
    runs.has(run) && (status === undefined || id !== undefined)
  );
}

function isOf({ planned }: LoggedBatchJob, { algorithm, versions }: ChecksumGroup): boolean {
  return planned.algorithm === algorithm && (planned.versions ?? false) === versions;
}

/** Returns what the job has ended with. */
async function compareJob(
  { log, run }: CheckContext,
  deps: BatchRunDeps,
  comparer: ChecksumComparer,
  job: ChecksumJob,
): Promise<string> {
  if (job.ended !== undefined) {
    await comparer.compare(batchReport(deps, job));
    return job.ended;
  }
  const state = await followBatchJob(deps, job);
  await comparer.compare(batchReport(deps, job));
  log.append(run, [finishedEvent(job, state)], { durable: true });
  await deps.shipper.ship();
  return state.status;
}

/** `isWhole`: what no report names should have been in one. */
function totalsOf(
  comparer: ChecksumComparer,
  totals: Pick<
    ArchivedTotals,
    "objects" | "incomparable" | "tiering" | "cutOff" | "isDeclined"
  >,
  { isWhole }: { readonly isWhole: boolean },
): ArchivedTotals {
  const { seen, ...counts } = comparer.counts();
  const all = { ...totals, ...counts, unreported: isWhole ? totals.objects - seen : 0 };
  return { ...all, exitCode: exitCodeOf(all) };
}

/** Where nothing was compared that might have been, nothing is known to be in order. */
function exitCodeOf(totals: Omit<ArchivedTotals, "exitCode">): ExitCode {
  const { objects, compared, incomparable, tiering } = totals;
  const { unknown, unreported, cutOff, isDeclined } = totals;
  const isNothing = compared === 0 && objects > 0;
  const isPartly = unknown.size > 0 || unreported > 0 ||
    (compared === 0 && incomparable + tiering > 0);
  return worstExitCode([
    isDeclined ? EXIT.cost : EXIT.done,
    cutOff > 0 || (isNothing && !isDeclined) ? EXIT.failed : EXIT.done,
    isPartly ? EXIT.entries : EXIT.done,
  ]);
}
