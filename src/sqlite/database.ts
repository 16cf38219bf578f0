import { DatabaseSync } from "node:sqlite";
import { HoldfastError, messageOf } from "../core/error.ts";

/**
 * Opens a SQLite database in WAL mode. Only `create` makes a file. Throws kind "no-repository" where
 * it is missing, "damage" where SQLite cannot read it.
 */
export function openDatabase(file: string, mode: "create" | "write" | "read"): DatabaseSync {
  if (mode !== "create" && !exists(file)) throw missingDatabase(file);
  if (mode === "create") makePrivateFile(file);
  return guarded(file, () => {
    const db = new DatabaseSync(file, { readOnly: mode === "read" });
    try {
      db.exec("PRAGMA busy_timeout = 60000");
      if (mode !== "read") {
        db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
        db.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
      }
      db.exec("PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY");
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * Pages (4 KiB) of the write-ahead log before they are moved into the database. Hashes come in no
 * order: a page that many transactions change is written there once instead of once each.
 */
const WAL_PAGES = 8192;

/** SQLite gives its -wal and -shm files the mode of the database. */
export function makePrivateFile(file: string): void {
  Deno.openSync(file, { write: true, create: true, mode: 0o600 }).close();
}

export function missingDatabase(file: string): HoldfastError {
  return new HoldfastError("no-repository", `no database at ${file}`, {
    context: { file },
    hint:
      "nothing was written; where the repository exists already `holdfast rebuild` brings it back, " +
      "a new job gets one by `holdfast init`",
  });
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new HoldfastError("failed", `cannot look at the database ${file}: ${messageOf(error)}`, {
      context: { file },
      cause: error,
    });
  }
}

/** Turns SQLite's errors into ours (https://www.sqlite.org/rescode.html). */
export function guarded<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw translated(file, error);
  }
}

/** SQLITE_ERROR is among them: our statements are fixed, so it is the schema that is not ours. */
const DAMAGED =
  /malformed|not a database|cannot be bound|unsupported file format|no such (?:table|column|index)/;

/** A RangeError is a value in a row that no program wrote, a SyntaxError JSON that none wrote. */
export function damaged(file: string, cause: Error): HoldfastError {
  return new HoldfastError("damage", `the database ${file} is damaged: ${cause.message}`, {
    context: { file },
    hint: "keep the file, and see docs/event_log.md on a damaged database",
    cause,
  });
}

const SQL_ERROR = 1;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
const IO_ERROR = 10;
/**
 * A row that must be one of its kind is there already, or lacks what it must have: what was read to
 * make it was not what is in the tables. Not 1811, a trigger's refusal.
 */
const CONSTRAINT = 19;
const REFUSED_BY_TRIGGER = 1811;
/** The file ends before the page that was asked for. */
const SHORT_READ = 522;

function translated(file: string, error: unknown): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  if (error instanceof RangeError || error instanceof SyntaxError) return damaged(file, error);
  const code = (error as { errcode?: number }).errcode;
  const noSpace = (error as { code?: unknown }).code === "ENOSPC";
  const isOurs = noSpace || DAMAGED.test(error.message) || /disk|database|SQL/i.test(error.message);
  if (code === undefined && !isOurs) return error;
  const primary = (code ?? 0) & 0xff;
  const text = error.message;
  const context = { file };
  if (noSpace || primary === FULL || /disk is full/.test(text)) {
    return new HoldfastError("disk-full", `no space left for the database ${file}`, {
      context,
      hint: "free some space and run again: nothing acknowledged is lost",
      cause: error,
    });
  }
  const isDamage = [SQL_ERROR, CORRUPT, NOT_A_DATABASE].includes(primary) || code === SHORT_READ ||
    (primary === CONSTRAINT && code !== REFUSED_BY_TRIGGER);
  if (isDamage || DAMAGED.test(text)) {
    return damaged(file, error);
  }
  const isDisk = primary === IO_ERROR || /disk I\/O/.test(text);
  const hint = isDisk ? "check the disk that holds it" : undefined;
  return new HoldfastError("failed", `the database ${file} failed: ${text}`, {
    context,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
