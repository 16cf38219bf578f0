import { zstdDecompressSync } from "node:zlib";
import { DatabaseSync } from "node:sqlite";
import { type LoadedCell, readLine, type TableLine } from "../core/checkpoint_rows.ts";
import { HoldfastError } from "../core/error.ts";
import type { LogBase } from "../ports/event_log.ts";
import { PROJECTED, PROJECTION_VERSION } from "./schema.ts";

/**
 * The state that a database begins with whose log does not begin at its first event: what was loaded
 * from a checkpoint, kept as it came, so that replays begin with it, too.
 */
export const BASE_SCHEMA = `
CREATE TABLE base_parts (part INTEGER PRIMARY KEY, body BLOB NOT NULL);
`;

interface StoredBase extends LogBase {
  readonly projections: number;
}

/** Undefined for a database that has all of its log. */
export function readBase(db: DatabaseSync): LogBase | undefined {
  return storedBase(db);
}

function storedBase(db: DatabaseSync): StoredBase | undefined {
  const row = db.prepare("SELECT value FROM meta WHERE name = 'base'").get();
  return row === undefined ? undefined : JSON.parse((row as { value: string }).value);
}

export function writeBase(db: DatabaseSync, base: LogBase): void {
  const { position, hash, since, probed, cut } = base;
  const stored: StoredBase = {
    ...{ position, hash, since, projections: PROJECTION_VERSION },
    ...(probed === undefined ? {} : { probed }),
    ...(cut === undefined ? {} : { cut }),
  };
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('base', ?)").run(JSON.stringify(stored));
}

/** Keeps a part and puts its rows into the projections. */
export function addBasePart(db: DatabaseSync, part: number, body: Uint8Array): void {
  db.exec("BEGIN");
  db.prepare("INSERT INTO base_parts VALUES (?, ?)").run(part, body);
  loadRows(db, body);
  db.exec("COMMIT");
}

/** Puts the state that the database `file` begins with into the empty projections of another. */
export function loadBase(file: string, into: DatabaseSync): void {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const { projections, position } = storedBase(db)!;
    if (projections !== PROJECTION_VERSION) throw otherVersion(file, position);
    const parts = db.prepare("SELECT part FROM base_parts ORDER BY part").all();
    const one = db.prepare("SELECT body FROM base_parts WHERE part = ?");
    for (const { part } of parts as { part: number }[]) {
      loadRows(into, (one.get(part) as { body: Uint8Array }).body);
    }
  } finally {
    db.close();
  }
}

/** Throws kind "damage" where the body is no part of a checkpoint. */
function loadRows(db: DatabaseSync, body: Uint8Array): void {
  let insert: ((cells: readonly LoadedCell[]) => void) | undefined;
  for (const text of linesOf(body)) {
    const line = readLine(text);
    if (line.kind === "table") insert = inserter(db, line.table);
    else if (line.kind === "row") {
      if (insert === undefined) throw damaged("a row is of no table");
      insert(line.cells);
    }
  }
}

function inserter(db: DatabaseSync, { table, columns }: TableLine) {
  const known = PROJECTED.find(({ name }) => name === table);
  if (known === undefined || known.columns.join() !== columns.join()) {
    throw damaged("it has a table or columns that the index does not have");
  }
  const marks = columns.map(() => "?").join(", ");
  const statement = db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`);
  return (cells: readonly LoadedCell[]) => {
    try {
      statement.run(...cells);
    } catch (error) {
      if (isConstraint(error)) throw damaged("it has a row twice, or half of one");
      throw error;
    }
  };
}

const CONSTRAINT = 19;

/** Also where a row has more values than columns. */
function isConstraint(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message?: string };
  return errcode !== undefined && (errcode & 0xff) === CONSTRAINT ||
    /constraint|column index|bind/i.test(message ?? "");
}

function linesOf(body: Uint8Array): string[] {
  try {
    const bytes = zstdDecompressSync(body);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.split("\n").filter((line) => line !== "");
  } catch {
    throw damaged("it is no zstd frame of text");
  }
}

function damaged(why: string): HoldfastError {
  return new HoldfastError("damage", `the checkpoint is damaged: ${why}`);
}

function otherVersion(file: string, position: number): HoldfastError {
  return new HoldfastError(
    "failed",
    `the state at position ${position}, with which the log in ${file} begins, was made by another ` +
      "version of holdfast",
    {
      context: { file, position },
      hint: "use the program that rebuilt the database; or keep the file under another name and " +
        "`holdfast rebuild` from what the repository holds now",
    },
  );
}
