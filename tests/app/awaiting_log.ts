import type { JobLog } from "../../src/ports/event_log.ts";
import { BATCH_ENTRIES } from "../../src/core/event/event.ts";
import { createLog, databaseFolder } from "../sqlite/log_fixture.ts";

export interface Awaited {
  readonly key: string;
  readonly class?: string;
  readonly version?: string;
}

/** A log whose restore 1 awaits these objects. */
export async function inAwaitingLog(
  objects: readonly Awaited[],
  work: (log: JobLog, folder: string) => Promise<void>,
): Promise<void> {
  const folder = databaseFolder();
  const log = createLog(`${folder}/job.db`);
  try {
    const plan = { to: "/out", position: 0, entries: "1", bytes: "1", overwrite: "never", job: 1 };
    const asked = { tier: "Bulk" as const, days: 7, objects: objects.length };
    log.append("r", [{ type: "RestorePlanned", data: { ...plan, ...asked } }]);
    for (const batch of batches(objects)) {
      const awaited = batch.map((one) => ({ class: "GLACIER", size: "1", ...one }));
      log.append("r", [{ type: "ObjectsAwaited", data: { job: 1, objects: awaited } }]);
    }
    log.append("r", [{ type: "ObjectsAwaited", data: { job: 1, objects: [], last: true } }]);
    await work(log, folder);
  } finally {
    log.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Makes them warming, by the log. */
export function askFor(log: JobLog, objects: readonly Awaited[]): void {
  for (const batch of batches(objects)) {
    const named = batch.map(({ key, version }) =>
      version === undefined ? { key } : { key, version }
    );
    const plan = { job: 1, tier: "Bulk" as const, days: 7, objects: named };
    const intent = log.append("r", [{ type: "WarmUpPlanned", data: plan }]);
    log.append("r", [{ type: "WarmUpRequested", data: { job: 1, intent } }]);
  }
}

function* batches(objects: readonly Awaited[]): Generator<readonly Awaited[]> {
  for (let at = 0; at < objects.length; at += BATCH_ENTRIES) {
    yield objects.slice(at, at + BATCH_ENTRIES);
  }
}
