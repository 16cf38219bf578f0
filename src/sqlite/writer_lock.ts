import { DatabaseSync } from "node:sqlite";
import { HoldfastError, messageOf } from "../core/error.ts";

/** Held for a run that changes index or store; let go of by `release` and by the process's end. */
export interface WriterLock {
  release(): void;
}

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

/**
 * Takes the lock beside a job's database: an exclusive transaction on a file of its own, which the
 * system undoes when the process dies, on every platform. Readers are not concerned. Throws kind
 * "locked" with the holder's name.
 */
export function takeWriterLock(file: string, job: string, holder: LockHolder): WriterLock {
  const lockFile = `${file}.lock`;
  const db = new DatabaseSync(lockFile);
  try {
    db.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!/locked|busy/i.test(messageOf(error))) throw error;
    throw lockedBy(file, job);
  }
  Deno.writeTextFileSync(`${file}.writer`, JSON.stringify(holder), { mode: 0o600 });
  return {
    release() {
      db.close();
    },
  };
}

function lockedBy(file: string, job: string): HoldfastError {
  let who = "another process";
  try {
    const { pid, host, since }: LockHolder = JSON.parse(Deno.readTextFileSync(`${file}.writer`));
    who = `PID ${pid} on ${host} since ${since}`;
  } catch {
    // It may be about to write it.
  }
  return new HoldfastError("locked", `the job ${job} is being written by ${who}`, {
    context: { job },
    hint: "wait for it to end, and run again",
  });
}
