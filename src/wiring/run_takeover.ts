import { dirname } from "node:path";
import { catchUp } from "../app/catch_up_log.ts";
import { readOwnRepository } from "../app/read_repository.ts";
import { takeOver } from "../app/takeover.ts";
import { closingPlace } from "../app/takeover_closing.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import { makePrivateFolder } from "../cli/state_file.ts";
import { isKind } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Signer } from "../ports/signing.ts";
import { moveDatabase, openJobLog, removeDatabase } from "../sqlite/job_log.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { isFile, openForReading, takeJobLock } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { keyFile, pendingKeyFile } from "./own_paths.ts";
import { rebuildHere } from "./run_rebuild.ts";
import { newSigner, readSigner, settlePendingKey } from "./signing_key.ts";
import { checkpointTakeover } from "./run_checkpoint.ts";
import { refuseNetworkFolder } from "./state_place.ts";

/** `holdfast takeover`. */
export async function runTakeover(input: RunInput<NoOptions>): Promise<number> {
  const { output, stateFile, globals } = input;
  const environment = systemEnvironment();
  if (globals.dryRun) {
    output.text(
      "plan: close the job's log in the repository and go on with a new one, and a new key",
    );
    return EXIT.done;
  }
  if (!await input.confirm(question(input))) {
    output.signal({ kind: "notice", text: "nothing was taken over" });
    return EXIT.done;
  }
  makePrivateFolder(dirname(stateFile));
  refuseNetworkFolder(dirname(stateFile));
  const lock = takeJobLock(input, environment);
  try {
    if (!isFile(stateFile)) await rebuildOrTell(input);
    if (await isReplaced(input, environment)) await replaceDatabase(input, environment);
    return await takeOverHere(input, environment);
  } finally {
    lock.release();
  }
}

function question({ job }: RunInput<NoOptions>): string {
  return `take over the job ${job.name}, so that the machine which backed it up until now stops?`;
}

interface OpenJob {
  readonly log: JobLog;
  readonly store: ObjectStore;
}

async function withJob<Result>(
  input: RunInput<NoOptions>,
  environment: Environment,
  use: (job: OpenJob) => Promise<Result>,
): Promise<Result> {
  const { job, output, signal } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const log = openForReading(input, "write");
  try {
    const store = await openStore(job, environment, { log, signal, notice });
    try {
      return await use({ log, store });
    } finally {
      store.close();
    }
  } finally {
    log.close();
  }
}

function depsOf(
  input: RunInput<NoOptions>,
  environment: Environment,
  { log, store }: OpenJob,
) {
  return {
    ...{ log, store, environment, emit: input.output.signal },
    ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
  };
}

/**
 * True where the repository's log is not the one of this database, or does not go on from it: its
 * index is then made anew from there. A log that was begun to take over is gone on with.
 */
async function isReplaced(input: RunInput<NoOptions>, environment: Environment): Promise<boolean> {
  return await withJob(input, environment, async (job) => {
    const deps = depsOf(input, environment, job);
    const isBegun = readSigner(pendingKeyFile(input.stateFile))?.key === job.log.genesis.key;
    try {
      if (isBegun) await closingPlace(deps);
      // A log that was begun, and closes the one before it, may itself be taken over by now.
      await catchUp({ ...deps, anyHost: true });
      return false;
    } catch (error) {
      if (isKind(error, "locked")) return true;
      throw error;
    }
  });
}

async function replaceDatabase(
  input: RunInput<NoOptions>,
  environment: Environment,
): Promise<void> {
  const { stateFile, output } = input;
  const stamp = new Date(Number(environment.clock.now() / 1_000_000n)).toISOString();
  const aside = `${stateFile}.old-${stamp.replaceAll(/[:.]/g, "")}`;
  // Closed by whoever had it: with its -wal merged into it, it is one file.
  openJobLog(stateFile, { ...environment, sha256: platformHashing.sha256 }, { mode: "write" })
    .close();
  moveDatabase(stateFile, aside);
  output.signal({
    kind: "notice",
    text: `the repository's log is another one: the database that was here is kept as ${aside}`,
  });
  try {
    await rebuildOrTell(input);
  } catch (error) {
    removeDatabase(stateFile);
    moveDatabase(aside, stateFile);
    throw error;
  }
}

async function rebuildOrTell(input: RunInput<NoOptions>): Promise<void> {
  const { missing, unknown } = await rebuildHere(input);
  for (const text of [...missing, ...unknown]) input.output.signal({ kind: "notice", text });
}

async function takeOverHere(
  input: RunInput<NoOptions>,
  environment: Environment,
): Promise<number> {
  const { stateFile, output, job } = input;
  const started = performance.now();
  return await withJob(input, environment, async (open) => {
    const { log, store } = open;
    const isOurs = log.index.runs(1).every(({ host }) => host === environment.hostname);
    if (isOurs && readSigner(keyFile(stateFile))?.key === log.genesis.key) {
      output.text(`this machine writes the job ${job.name} already: nothing was taken over`);
      return EXIT.done;
    }
    await readOwnRepository(store, log, job.recipients);
    const signer = signerOfTakeover(stateFile, log);
    const deps = { ...depsOf(input, environment, open), signer };
    const { log: id, position } = await takeOver(deps, { config: configDigest(job) });
    await checkpointTakeover(input, { log, store, environment, signer });
    settlePendingKey(stateFile, signer.key);
    output.summary({
      ...{ record: "summary", command: "takeover", job: job.name, exit: EXIT.done },
      seconds: Math.round(performance.now() - started) / 1000,
      totals: { log: id, position, key: signer.key },
    }, [
      `this machine writes the job ${job.name} now: its log ${id} goes on after position ${position}`,
      `its heads are signed by the Ed25519 key ${signer.key}`,
    ]);
    return EXIT.done;
  });
}

/** The one of a takeover that was cut off, else a new one. */
function signerOfTakeover(stateFile: string, { genesis }: JobLog): Signer {
  const file = pendingKeyFile(stateFile);
  const pending = readSigner(file);
  return pending?.key === genesis.key ? pending : newSigner(file);
}
