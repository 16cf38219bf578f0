import { dirname } from "node:path";
import { noShipping } from "../app/ship_log.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { identitiesOf, sealerOf } from "./open_keys.ts";
import { openForWriting, replayerBeside } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";
import { type PastNeeds, withPast } from "./with_past.ts";

/**
 * What `check`, `prune` and `undo` work with; in a dry run nothing that they append stays. `past`: what
 * they need of a log that was cut; nothing by default.
 */
export async function withUpkeep<Options, Result>(
  input: RunInput<Options>,
  use: (deps: Awaited<ReturnType<typeof openUpkeep>>["deps"]) => Promise<Result>,
  past?: PastNeeds,
): Promise<Result> {
  if (past !== undefined) return await withPast(input, past, (input) => withUpkeep(input, use));
  const { deps, close } = await openUpkeep(input);
  try {
    return await use(deps);
  } finally {
    close();
  }
}

async function openUpkeep<Options>(input: RunInput<Options>) {
  const { job, output, signal, globals, stateFile } = input;
  const environment = systemEnvironment();
  const { log, close } = openForWriting(input, environment, { volatile: globals.dryRun });
  try {
    const notice = (text: string) => output.signal({ kind: "notice", text });
    const store = await openStore(job, environment, { log, signal, notice });
    const shipper = globals.dryRun ? noShipping : runShipper(input, { log, store, environment });
    const deps = {
      ...{ log, store, environment, shipper, signal, emit: output.signal },
      ...{ hashing: platformHashing, replayer: replayerBeside(stateFile) },
      work: sqliteWorkTables(dirname(stateFile)),
      ...{ coding: jobCoding(input), identities: () => identitiesOf(input) },
      ...{ recipients: job.recipients, sealer: () => sealerOf(job) },
      isLocking: job.lock !== undefined,
    };
    return {
      deps,
      close() {
        store.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
