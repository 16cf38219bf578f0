import { failureKind, failureText } from "../core/batch/computed_checksum.ts";
import type { BatchJobState } from "../core/batch/job_state.ts";
import { reportedKeys } from "../core/batch/manifest.ts";
import type { ReportRow } from "../core/batch/report_rows.ts";
import { objectName } from "../core/cold/object_name.ts";
import { isKind } from "../core/error.ts";
import type { WarmUpAnswer } from "../core/event/restore_events.ts";
import type { Notes, WorkTables } from "../ports/work_tables.ts";
import { answerIntents, type AnswerOf } from "./batch_answers.ts";
import { batchReport } from "./batch_report.ts";
import { type BatchRunDeps, finishedEvent, type MadeBatchJob } from "./run_batch_job.ts";

export interface BatchOutcomeDeps extends BatchRunDeps {
  readonly work: Pick<WorkTables, "notes">;
}

/** How many objects a job could not ask for, and why the first of them. */
export interface BatchOutcome {
  readonly failed: number;
  readonly reason: string;
}

/**
 * Puts into the log what a restore's job that has ended has asked for. Of what its report does not
 * cover nobody knows: the store tells.
 */
export async function noteBatchOutcome(
  deps: BatchOutcomeDeps,
  run: string,
  job: MadeBatchJob,
  state: BatchJobState,
): Promise<BatchOutcome> {
  const { log, shipper } = deps;
  const failures = deps.work.notes();
  try {
    const { rows, failed, reason: first } = await readFailures(deps, job, failures);
    const isTold = state.status === "Complete" && rows >= state.failed;
    answerIntents(log, run, job.planned, (object) => {
      const failure = failures.get(objectName(object));
      if (failure !== undefined) return JSON.parse(failure);
      return isTold ? undefined : { answer: "unknown" };
    });
    const reason = state.reason || first;
    log.append(run, [finishedEvent(job, { ...state, reason })], { durable: true });
    await shipper.ship();
    return { failed, reason };
  } finally {
    failures.close();
  }
}

/** Notes what could not be asked for. `rows`: how many have failed, whatever it means; -1 unknown. */
async function readFailures(
  deps: BatchOutcomeDeps,
  job: MadeBatchJob,
  failures: Notes,
): Promise<BatchOutcome & { readonly rows: number }> {
  let [rows, failed, reason] = [0, 0, ""];
  try {
    for await (const row of batchReport(deps, job)) {
      if (row.succeeded) continue;
      rows++;
      if (noteFailure(failures, deps.batch.place.keyPrefix, row) === "under way") continue;
      if (failed++ === 0) reason = failureText(row);
    }
  } catch (error) {
    if (!isKind(error, "damage", "gone", "refused", "denied")) throw error;
    const text = `the report of Batch job ${job.id} cannot be read: ${error.message}; ` +
      "the store is asked what is warming";
    deps.emit({ kind: "notice", text });
    rows = -1;
  }
  return { rows, failed, reason };
}

function noteFailure(failures: Notes, keyPrefix: string, row: ReportRow): WarmUpAnswer {
  const isUnderWay = /RestoreAlreadyInProgress/.test(`${row.code} ${row.message}`);
  const said: NonNullable<ReturnType<AnswerOf>> = isUnderWay
    ? { answer: "under way" }
    : { answer: "not asked", reason: failureKind(row) };
  for (const key of reportedKeys(row.key)) {
    if (!key.startsWith(keyPrefix)) continue;
    const { version } = row;
    failures.set(objectName({ key: key.slice(keyPrefix.length), version }), JSON.stringify(said));
  }
  return said.answer;
}
