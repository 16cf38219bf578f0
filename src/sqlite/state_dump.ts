import { DatabaseSync } from "node:sqlite";
import type { CheckpointRow } from "../core/checkpoint_chunks.ts";
import type { Cell } from "../core/checkpoint_rows.ts";
import { CHANGING_EVENTS } from "../core/event/changing_events.ts";
import type { Sha256 } from "../core/hash.ts";
import type { DumpState, StateDump } from "../ports/checkpoint.ts";
import { readBase } from "./base_state.ts";
import { numberIn } from "./column.ts";
import { damaged, guarded } from "./database.ts";
import { guardedReads } from "./guarded_reads.ts";
import { readLogs } from "./log_parts.ts";
import { readHead } from "./log_reads.ts";
import { type PagedRow, pagedRows } from "./paged_rows.ts";
import { PROJECTED, type ProjectedTable } from "./schema.ts";
import { tableDigests } from "./table_digest.ts";

/** Reads the projections in one read transaction: a writer goes on meanwhile, and is not seen. */
export function stateDumper(sha256: Sha256): DumpState {
  return ({ file }) => {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      return guarded(file, () => dumpOf(db, file, sha256));
    } catch (error) {
      db.close();
      throw error;
    }
  };
}

function dumpOf(db: DatabaseSync, file: string, sha256: Sha256): StateDump {
  db.exec("PRAGMA busy_timeout = 60000; BEGIN");
  const head = readHead(db, { logs: readLogs(db, file), base: readBase(db) }, sha256);
  const made = db.prepare("SELECT version, position FROM projections WHERE name = 'index'").get();
  const { version, position } = made as { version: number; position: number };
  if (position !== head.position) {
    throw damaged(file, new Error(`its index is at position ${position}, not ${head.position}`));
  }
  const reads: Pick<StateDump, "digests" | "rows"> = guardedReads(file, {
    digests: () => tableDigests(db, sha256),
    *rows() {
      for (const table of PROJECTED) yield* tableRows(db, table);
    },
  });
  return {
    ...{ head, since: lastChange(db), projections: version },
    ...reads,
    close: () => db.close(),
  };
}

function lastChange(db: DatabaseSync): number {
  const { position, since } = readBase(db) ?? { position: 0, since: 0 };
  const marks = CHANGING_EVENTS.map(() => "?").join(", ");
  const row = db.prepare(
    `SELECT position FROM events WHERE position > ? AND type IN (${marks})
     ORDER BY position DESC LIMIT 1`,
  ).get(position, ...CHANGING_EVENTS);
  return row === undefined ? since : numberIn((row as { position: unknown }).position);
}

const PAGE = 1000;

function* tableRows(db: DatabaseSync, table: ProjectedTable): Generator<CheckpointRow> {
  const { name, columns, order } = table;
  const query = { columns: columns.join(", "), table: name, keys: order.split(", "), page: PAGE };
  for (const row of pagedRows(db, query)) {
    yield { table: name, columns, cells: columns.map((column) => cellOf(row[column])) };
  }
}

function cellOf(value: PagedRow[string]): Cell {
  if (typeof value !== "number") return value;
  throw new RangeError("a row holds a number with a fraction");
}
