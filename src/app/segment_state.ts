import { HoldfastError } from "../core/error.ts";
import type { AnyNewEvent } from "../core/event/event.ts";
import type { ClosingSegment, SegmentHead } from "../core/log_segment.ts";
import type { SegmentRow } from "../core/index/run_fold.ts";
import { type BodySuffix, suffixOf } from "../core/sealed_name.ts";
import type { JobLog } from "../ports/event_log.ts";

/** The newest segment that is known to be in the repository, of the log that is written now. */
export function lastShipped(log: JobLog): SegmentRow | undefined {
  return log.index.lastSegment(log.genesis.log);
}

/** First position that is not known to be in the repository. */
export function firstUnshipped(log: JobLog): number {
  const last = lastShipped(log)?.last ?? log.logs().at(-1)!.first - 1;
  // Whoever begins at a checkpoint has nothing to ship up to there.
  return Math.max(last, log.base?.position ?? 0) + 1;
}

/** How the names of the newest log's segments end until now; undefined where it has none. */
export function formUntilNow(log: JobLog): BodySuffix | undefined {
  const last = lastShipped(log);
  return last === undefined ? undefined : suffixOf(last.key);
}

/** The newest segment or renames object, of this log or of one before it, is encrypted. */
export function isSealedLog({ index }: JobLog): boolean {
  return (["segment", "renames"] as const).some((kind) => {
    const last = index.segments(kind).at(-1);
    return last !== undefined && suffixOf(last.key) !== "";
  });
}

export interface SegmentInStore {
  readonly key: string;
  readonly head: SegmentHead;
}

/** With how much it holds, where that is known: a checkpoint is due by it. */
export function shippedEvent(
  { key, head: { log, first, last, head } }: SegmentInStore,
  { entries, bytes }: { readonly entries?: number; readonly bytes?: number } = {},
): AnyNewEvent {
  return {
    type: "LogSegmentShipped",
    data: {
      ...{ log, key, first, last, head },
      ...(entries === undefined ? {} : { entries }),
      ...(bytes === undefined ? {} : { bytes }),
    },
  };
}

/** The segment is a part of this very chain. */
export function isOnChain(log: JobLog, { last, head }: SegmentHead): boolean {
  return log.hashAt(last) === head;
}

export function takenOver(job: string, { closedBy, host }: ClosingSegment): HoldfastError {
  return new HoldfastError(
    "locked",
    `the job ${job} was taken over by ${host}: its log goes on as ${closedBy}`,
    {
      context: { job, log: closedBy, host },
      hint:
        "nothing of that machine's was overwritten; `holdfast takeover` takes the job to this one",
    },
  );
}

/** A run was cut off between the placeholder and the segment, and the job's encryption is as before. */
export function nameIsHeld(job: string, key: string): HoldfastError {
  const now = suffixOf(key) === "" ? "encrypted" : "no longer encrypted";
  return new HoldfastError(
    "locked",
    `the log of the job ${job} was to go on ${now} from ${key} on, and its next segment is missing`,
    {
      context: { job, key },
      hint: `run once more with the job's \`recipients\` as they were then; or, where no other ` +
        "machine writes this job, delete that object, which is empty",
    },
  );
}

export function forked(job: string, key: string, why: string): HoldfastError {
  return new HoldfastError(
    "locked",
    `the log of the job ${job} in the repository is not this machine's: ${why}`,
    {
      context: { job, key },
      hint:
        "nothing there was overwritten; `holdfast takeover` goes on from what the repository holds",
    },
  );
}
