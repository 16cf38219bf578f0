import { dirname } from "node:path";
import { HoldfastError } from "../core/error.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { Environment } from "../ports/environment.ts";
import { systemEnvironment } from "./environment.ts";
import type { JobLog, LogReader } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";
import { openJobLog, openLogReader, projectionVersion } from "../sqlite/job_log.ts";
import { sqliteReplayer } from "../sqlite/replay.ts";
import { PROJECTION_VERSION } from "../sqlite/schema.ts";
import { ownSigner } from "./signing_key.ts";
import { refuseNetworkFolder } from "./state_place.ts";
import { type LockHolder, takeWriterLock, type WriterLock } from "../sqlite/writer_lock.ts";
import { missingDatabase } from "../sqlite/database.ts";
import { replayInto } from "../app/replay_log.ts";

const { sha256 } = platformHashing;

export type AnyInput = Pick<RunInput<unknown>, "stateFile" | "job" | "output" | "past">;

/** Opens the job's log for commands that look, and for restores, which take no lock. */
export function openForReading(input: AnyInput, mode: "read" | "write") {
  upgradeProjections(input);
  const { clock } = systemEnvironment();
  return openJobLog(input.stateFile, { clock, sha256 }, { mode, past: input.past });
}

/** The same for one look at the index: what a writer commits meanwhile is not seen. */
export function openForLook(input: AnyInput): JobLog {
  upgradeProjections(input);
  const { clock } = systemEnvironment();
  const how = { mode: "read", frozen: true, past: input.past } as const;
  return openJobLog(input.stateFile, { clock, sha256 }, how);
}

/** Opens the job's log alone: whether its projections can be read does not matter. */
export function openLogAlone({ stateFile, past }: AnyInput): LogReader {
  return openLogReader(stateFile, sha256, { past });
}

/**
 * Opens the job's log for a restore. One of a job at a time, beside a backup: runs of dead processes
 * are told from live ones.
 */
export function openForRestoring(
  input: AnyInput,
  environment: Environment,
): { log: JobLog; close(): void } {
  const lock = takeRestoreLock(input, environment);
  try {
    const log = openForReading(input, "write");
    return {
      log,
      close() {
        log.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function holderOf({ pid, hostname, clock }: Environment): LockHolder {
  const since = new Date(Number(clock.now() / 1_000_000n)).toISOString();
  return { pid, host: hostname, since };
}

/** Taken by whatever takes events away that a restore may be reading. */
export function takeRestoreLock(input: AnyInput, environment: Environment): WriterLock {
  const file = `${input.stateFile}.restore`;
  return takeWriterLock(file, input.job.name, holderOf(environment), "restored");
}

/** Taken by whatever changes index or store. */
export function takeJobLock(input: AnyInput, environment: Environment): WriterLock {
  return takeWriterLock(input.stateFile, input.job.name, holderOf(environment));
}

export interface WritingOptions {
  /** Everything appended is undone at close: nothing is shipped, and no key is needed. */
  readonly volatile?: boolean;
  /** Nothing is appended: no key is needed. */
  readonly appends?: boolean;
}

/**
 * Opens the job's log for a run that changes index or store, with the writer lock. Throws kind
 * "no-repository" where there is no database, "key" where this machine may not write the log.
 */
export function openForWriting(
  input: AnyInput,
  environment: Environment,
  { volatile = false, appends = !volatile }: WritingOptions = {},
): { log: JobLog; close(): void } {
  const { stateFile } = input;
  if (!isFile(stateFile)) throw missingDatabase(stateFile);
  refuseNetworkFolder(dirname(stateFile));
  const lock = takeJobLock(input, environment);
  try {
    sweepReplays(dirname(stateFile), environment);
    upgradeProjections(input);
    const tools = { clock: environment.clock, sha256 };
    const log = openJobLog(stateFile, tools, { mode: "write", volatile, past: input.past });
    try {
      if (appends) ownSigner(stateFile, log);
    } catch (error) {
      log.close();
      throw error;
    }
    return {
      log,
      close() {
        log.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Younger ones may be in use by a command that looks. */
const SWEPT_AFTER_MS = 24 * 60 * 60 * 1000;

/** Removes what replays and other work that was killed have left. */
function sweepReplays(folder: string, { clock }: Environment): void {
  const now = Number(clock.now() / 1_000_000n);
  for (const { name } of Deno.readDirSync(folder)) {
    if (!/^\.(replay|work)-.*\.db(-wal|-shm|\.new.*)?$/.test(name)) continue;
    const file = `${folder}/${name}`;
    const modified = Deno.lstatSync(file).mtime?.getTime() ?? now;
    if (now - modified > SWEPT_AFTER_MS) Deno.removeSync(file);
  }
}

export function replayerBeside(stateFile: string): Replayer {
  return sqliteReplayer(dirname(stateFile), sha256);
}

/** Projections of another version are made anew by replay, before anything reads them. */
function upgradeProjections({ stateFile, output }: AnyInput): void {
  const version = projectionVersion(stateFile);
  if (version === PROJECTION_VERSION) return;
  if (version > PROJECTION_VERSION) {
    throw new HoldfastError("failed", `the database ${stateFile} was written by a newer program`, {
      context: { file: stateFile },
      hint: "use that program, or a newer one",
    });
  }
  const log = openLogReader(stateFile, sha256);
  try {
    replayInto(log, replayerBeside(stateFile), output.signal);
  } finally {
    log.close();
  }
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
