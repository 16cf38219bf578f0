import { dirname } from "node:path";
import { openState, type ReadState, type WantedState } from "../app/read_state.ts";
import type { RestoreDeps } from "../app/restore_deps.ts";
import type { RunInput, WarmUpWishes } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { coldDeps } from "./cold_deps.ts";
import { held, type HeldState, heldState } from "./held_state.ts";
import { identitiesOf } from "./open_keys.ts";
import { batchJobsOf, openBatchJobs } from "./open_batch_jobs.ts";
import { openForLook, openForRestoring, replayerBeside } from "./open_log.ts";
import { targetFor } from "./open_target.ts";
import { openRestoreStore } from "./restore_standing.ts";

/** What restores of one process share. */
export interface RestorePlace {
  readonly log: JobLog;
  /** As the log is when it is opened: a backup may go on meanwhile. */
  state(wanted: WantedState): ReadState;
  /** Lets go of all that is read of the index, until it is read again: a wait may take days. */
  rest(): void;
  /** Opens the store. For a restore into this folder. */
  deps(to: string): Promise<RestoreDeps>;
  close(): void;
}

type PlaceInput = RunInput<{ readonly warmUp: WarmUpWishes; readonly passwordFile?: string }>;

/** Under the restore lock: one process at a time asks and downloads. */
export function openRestorePlace(
  input: PlaceInput,
  environment: Environment,
  { isGuest }: { readonly isGuest: boolean },
): RestorePlace {
  const { log, close } = openForRestoring(input, environment);
  const states = new Set<HeldState>();
  let moment: JobLog | undefined;
  let opened: ReturnType<typeof openRestoreStore> | undefined;
  let batch: ReturnType<typeof batchOf> | undefined;
  const today = () => moment ??= openForLook(input);
  function rest(): void {
    for (const state of states) state.letGo();
    moment?.close();
    moment = undefined;
  }
  return {
    log,
    rest,
    state(wanted) {
      const { stateFile, output } = input;
      const replayer = replayerBeside(stateFile);
      const state = heldState((at) => openState(today(), replayer, at, output.signal), wanted);
      states.add(state);
      return state;
    },
    async deps(to) {
      const { output, signal, job, stateFile } = input;
      const { store, shipper } = await (opened ??= openRestoreStore(input, environment, {
        ...{ log, isGuest },
      }));
      const jobs = await (batch ??= batchOf(input, environment));
      return {
        ...{ log, store, shipper, environment, signal, hashing: platformHashing, isGuest },
        ...{ emit: output.signal, ...await targetFor(input, to, environment) },
        // By the connection that reads the state: another one would have a cache of its own.
        contents: held(() => today().index.packs),
        ...{ identities: () => identitiesOf(input), recipients: job.recipients },
        work: sqliteWorkTables(dirname(stateFile)),
        cold: { ...coldDeps(input), ...(jobs === undefined ? {} : { batch: jobs }) },
      };
    },
    close() {
      opened?.then(({ store }) => store.close(), () => {});
      batch?.then((jobs) => jobs?.close(), () => {});
      rest();
      close();
    },
  };
}

/** Where the job has them they are needed without `--via`, too: one may be under way. */
async function batchOf(
  { job, signal, options }: PlaceInput,
  environment: Environment,
): Promise<BatchJobs | undefined> {
  return options.warmUp.viaBatch
    ? await openBatchJobs(job, environment, { signal })
    : await batchJobsOf(job, environment, { signal });
}
