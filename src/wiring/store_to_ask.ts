import type { RunInput } from "../cli/runner.ts";
import { isKind } from "../core/error.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { systemEnvironment } from "./environment.ts";
import { openStore } from "./open_store.ts";

/** How the objects are now. Where the store is away, what was last heard of them has to do. */
export async function storeToAsk(
  { job, output, signal }: RunInput<unknown>,
  log: JobLog,
): Promise<ObjectStore | undefined> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  try {
    return await openStore(job, systemEnvironment(), { log, signal, notice, readOnly: true });
  } catch (error) {
    if (!isKind(error, "unreachable", "denied", "no-repository")) throw error;
    notice(`this is what was last heard of the objects: ${error.message}`);
    return undefined;
  }
}
