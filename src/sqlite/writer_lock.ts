import { DatabaseSync } from "node:sqlite";
import { HoldfastError, messageOf } from "../core/error.ts";
import { guarded, makePrivateFile } from "./database.ts";

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
 * "locked" with the holder's name. `file` is the database; for restores, `<database>.restore`.
 */
export function takeWriterLock(
  file: string,
  job: string,
  holder: LockHolder,
  doing: "written" | "restored" = "written",
): WriterLock {
  const lockFile = `${file}.lock`;
  const db = guarded(file, () => {
    makePrivateFile(lockFile);
    return new DatabaseSync(lockFile);
  });
  try {
    db.exec("PRAGMA busy_timeout = 200; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (/locked|busy/i.test(messageOf(error))) throw lockedBy(file, job, doing);
    return guarded(file, () => {
      throw error;
    });
  }
  try {
    const text = JSON.stringify(holder);
    guarded(file, () => Deno.writeTextFileSync(`${file}.writer`, text, { mode: 0o600 }));
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    release() {
      db.close();
    },
  };
}

/**
 * Who holds the lock of a job's database now; undefined where nobody does. A look takes the file's
 * shared lock for a moment, which takeWriterLock waits out.
 */
export function lockHolder(file: string): Partial<LockHolder> | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(`${file}.lock`, { readOnly: true });
    db.exec("PRAGMA busy_timeout = 0");
    db.prepare("SELECT 1 FROM sqlite_master").get();
    return undefined;
  } catch (error) {
    return /locked|busy/i.test(messageOf(error)) ? readHolder(file) : undefined;
  } finally {
    db?.close();
  }
}

/** Empty where the holder is about to write it. */
function readHolder(file: string): Partial<LockHolder> {
  try {
    return JSON.parse(Deno.readTextFileSync(`${file}.writer`));
  } catch {
    return {};
  }
}

function lockedBy(file: string, job: string, doing: string): HoldfastError {
  const { pid, host, since } = readHolder(file);
  const who = pid === undefined ? "another process" : `PID ${pid} on ${host} since ${since}`;
  return new HoldfastError("locked", `the job ${job} is being ${doing} by ${who}`, {
    context: { job },
    hint: "wait for it to end, and run again",
  });
}
