import type { EventData } from "../core/event/event.ts";
import type { ArchivedObject, WarmUpAnswer } from "../core/event/restore_events.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { OpenBatchJob } from "./batch_jobs_log.ts";
import type { LogShipper } from "./ship_log.ts";

/** What has become of an object that a job was to ask for; undefined where it has asked for it. */
export type AnswerOf = (
  object: ArchivedObject,
) => { readonly answer: WarmUpAnswer; readonly reason?: string } | undefined;

/** The outcome of each intent that a restore's job was made for. */
export function answerIntents(
  log: JobLog,
  run: string,
  { job = 0, intents = [] }: { readonly job?: number; readonly intents?: readonly number[] },
  answerOf: AnswerOf,
): void {
  for (const intent of intents) {
    const others = intendedObjects(log, intent).flatMap((object) => {
      const answer = answerOf(object);
      return answer === undefined ? [] : [{ ...object, ...answer }];
    });
    const data: EventData["WarmUpRequested"] = {
      ...{ job, intent },
      ...(others.length === 0 ? {} : { others }),
    };
    log.append(run, [{ type: "WarmUpRequested", data }], { durable: true });
  }
}

/** Read anew from the log: there may be millions. */
export function intendedObjects(log: JobLog, intent: number): readonly ArchivedObject[] {
  const [event] = log.events({ from: intent, to: intent });
  return event?.type === "WarmUpPlanned" ? event.data.objects : [];
}

/** Of a job that was never made, or that nobody will follow any more. */
export async function closeBatchJob(
  { log, shipper }: { readonly log: JobLog; readonly shipper: LogShipper },
  run: string,
  { intent, id, planned }: OpenBatchJob,
  { status, answer, reason }: {
    readonly status: string;
    readonly answer: WarmUpAnswer;
    readonly reason?: string;
  },
): Promise<void> {
  answerIntents(log, run, planned, () => ({ answer }));
  const data = {
    ...{ intent, ...(id === undefined ? {} : { id }), status, succeeded: 0, failed: 0 },
    ...(reason === undefined ? {} : { reason }),
  };
  log.append(run, [{ type: "BatchJobFinished", data }], { durable: true });
  await shipper.ship();
}
