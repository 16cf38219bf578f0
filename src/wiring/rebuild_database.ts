import { adoptObjects } from "../app/adopt_objects.ts";
import { adoptPacks } from "../app/adopt_packs.ts";
import { rebuildLog, type RebuildReport } from "../app/rebuild_log.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Signer } from "../ports/signing.ts";
import { isKind } from "../core/error.ts";
import { basedLogWriter } from "../sqlite/based_log.ts";
import { createJobLog, moveDatabase, removeDatabase } from "../sqlite/job_log.ts";
import { sqliteRebuildTables } from "../sqlite/rebuild_tables.ts";
import { configDigest } from "./config_digest.ts";
import { type CodingInput, jobCoding } from "./job_coding.ts";
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
 * own: what was cut off is begun anew, but for what HEADs have told of objects, which is kept beside
 * it. Throws kind "key" where something is encrypted and cannot be opened; then nothing is left.
 */
export async function rebuildDatabase(
  input: CodingInput & Pick<RunInput<unknown>, "output" | "signal">,
  environment: Environment,
  store: ObjectStore,
  { file, signerOf, newSigner }: RebuildPlace,
): Promise<RebuiltDatabase> {
  const { job, output } = input;
  const unfinished = `${file}.new-rebuild`;
  const [based, work, survey] = [`${unfinished}-based`, `${unfinished}-work`, `${file}.new-survey`];
  const remove = () => {
    for (const left of [unfinished, based, work]) {
      removeDatabase(left);
      removeDatabase(`${left}.new`);
    }
  };
  remove();
  const tables = sqliteRebuildTables({ survey, work });
  const tools = { clock: environment.clock, sha256: platformHashing.sha256 };
  const read = {
    ...{ store, hashing: platformHashing, coding: jobCoding(input) },
    ...{ emit: output.signal, signal: input.signal },
  };
  const sources = job.sources.map(({ name }) => name);
  const adopting = { ...read, clock: environment.clock, sources, tables };
  const { recipients } = job;
  let mayGoOn = false;
  try {
    const { log, ...report } = await rebuildLog({
      ...{ ...read, environment, verify: verifySignature, signerOf, newSigner },
      replayer: replayerBeside(unfinished),
      adopt: (found) => (found.layout === "pack" ? adoptPacks : adoptObjects)(adopting)(found),
      createLog: (genesis) => createJobLog(unfinished, genesis, tools),
      createAt: (place) => basedLogWriter(based, place, tools),
    }, { job: job.name, config: configDigest(job), recipients });
    const { repository, key } = log.genesis;
    log.close();
    moveDatabase(log.file, file);
    return { ...report, repository, key };
  } catch (error) {
    mayGoOn = isKind(error, "unreachable", "denied", "disk-full", "interrupted");
    throw error;
  } finally {
    tables.close();
    remove();
    if (!mayGoOn) removeDatabase(survey);
  }
}
