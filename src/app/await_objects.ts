import { BATCH_BYTES, BATCH_ENTRIES } from "../core/event/event.ts";
import { jsonBytes } from "../core/event/json_bytes.ts";
import type { AwaitedObject } from "../core/event/restore_events.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import { isReadable } from "./cold_objects.ts";
import { archived } from "./request_warm_ups.ts";

export interface AwaitOptions {
  readonly job: number;
  readonly files: WaitingFiles;
  /** The job does not know what it waits for yet: it is open from the last of these on. */
  readonly isNew: boolean;
  /** Whether another request for it was approved. */
  readonly isQuoted: (object: WaitedObject) => boolean;
}

/** Appends which objects a restore needs, in batches: those that it did not know, or are approved. */
export function awaitObjects(
  log: JobLog,
  run: string,
  { job, files, isNew, isQuoted }: AwaitOptions,
): void {
  let [batch, bytes]: [AwaitedObject[], number] = [[], 0];
  const { restores } = log.index;
  function flush(last: boolean): void {
    if (batch.length === 0 && !(last && restores.job(job)?.state === "planning")) return;
    const data = { job, objects: batch, ...(last ? { last: true as const } : {}) };
    log.append(run, [{ type: "ObjectsAwaited", data }], { durable: last });
    [batch, bytes] = [[], 0];
  }
  for (const object of files.objects()) {
    if (isReadable(object)) continue;
    const quoted = isQuoted(object);
    if (!quoted && !isNew && restores.object(job, object) !== undefined) continue;
    const awaited = awaitedOf(object, quoted);
    const size = jsonBytes(awaited);
    if (batch.length === BATCH_ENTRIES || bytes + size > BATCH_BYTES) flush(false);
    batch.push(awaited);
    bytes += size;
  }
  flush(isNew);
}

function awaitedOf(object: WaitedObject, quoted: boolean): AwaitedObject {
  const { storageClass, archive, size } = object;
  return {
    ...archived(object),
    ...{ class: storageClass, ...(archive === null ? {} : { archive }), size: `${size}` },
    ...(quoted ? { quoted } : {}),
  };
}
