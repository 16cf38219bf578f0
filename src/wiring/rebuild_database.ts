import { adoptObjects } from "../app/adopt_objects.ts";
import { rebuildLog, type RebuildReport } from "../app/rebuild_log.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Signer } from "../ports/signing.ts";
import { basedLogWriter } from "../sqlite/based_log.ts";
import { createJobLog, moveDatabase, removeDatabase } from "../sqlite/job_log.ts";
import { configDigest } from "./config_digest.ts";
import { replayerBeside } from "./open_log.ts";

export interface RebuildPlace {
  readonly file: string;
  readonly signerOf: (key: string) => Signer | undefined;
  readonly newSigner: () => Signer;
}

export interface RebuiltDatabase extends Omit<RebuildReport, "log"> {
  readonly repository: string;
  /** Public key of the newest log. */
  readonly key: string;
}

/**
 * Rebuilds a job's database from its repository. Until it is whole it has another name, beside its
 * own: what was cut off is begun anew.
 */
export async function rebuildDatabase(
  input: Pick<RunInput<unknown>, "job" | "output" | "signal">,
  environment: Environment,
  store: ObjectStore,
  { file, signerOf, newSigner }: RebuildPlace,
): Promise<RebuiltDatabase> {
  const { job, output, signal } = input;
  const unfinished = `${file}.new-rebuild`;
  const based = `${unfinished}-based`;
  for (const left of [unfinished, `${unfinished}.new`, based, `${based}.new`]) removeDatabase(left);
  const { sha256 } = platformHashing;
  const tools = { clock: environment.clock, sha256 };
  const { log, ...report } = await rebuildLog({
    ...{ store, environment, hashing: platformHashing, verify: verifySignature },
    ...{ emit: output.signal, signal, signerOf, newSigner },
    replayer: replayerBeside(unfinished),
    adopt: adoptObjects({
      ...{ store, hashing: platformHashing, clock: environment.clock, signal },
      emit: output.signal,
      sources: job.sources.map(({ name }) => name),
    }),
    createLog: (genesis) => createJobLog(unfinished, genesis, tools),
    createAt: (place) => basedLogWriter(based, place, tools),
  }, { job: job.name, config: configDigest(job) });
  const { repository, key } = log.genesis;
  log.close();
  moveDatabase(log.file, file);
  removeDatabase(unfinished);
  return { ...report, repository, key };
}
